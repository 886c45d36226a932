/*
 * row.c - see naive.h. Arithmetic over the channels of a row: some expressions, each with the same written in C.
 */
#include "naive/naive.h"

#include <math.h>

/* What is not finite is nothing, at every step. */
static double keep_finite(double x)
{
    return isfinite(x) ? x : NAN;
}

static double divide(double a, double b)
{
    return b < 0 || b > 0 ? keep_finite(a / b) : NAN;
}

static double most(double a, double b, double c)
{
    double most_ab = b > a ? b : a;
    return isnan(a) || isnan(b) || isnan(c) ? NAN : keep_finite(c > most_ab ? c : most_ab);
}

static double least(double a, double b, double c)
{
    double least_ab = b < a ? b : a;
    return isnan(a) || isnan(b) || isnan(c) ? NAN : keep_finite(c < least_ab ? c : least_ab);
}

/* The mean of the phases that are there. */
static double current(const double *v)
{
    double sum = 0;
    int n = 0;

    for (int c = IA; c <= IC; c++)
        if (!isnan(v[c]))
            sum += v[c], n++;
    return n ? sum / n : NAN;
}

static double imbalance(const struct facility *f, const double *v)
{
    (void)f; /* of the row alone */
    return divide(keep_finite(most(v[IA], v[IB], v[IC]) - least(v[IA], v[IB], v[IC])),
                  keep_finite((v[IA] + v[IB] + v[IC]) / 3));
}

static double use(const struct facility *f, const double *v)
{
    return f->rated_kw ? divide(v[KW], (double)f->rated_kw / 100) : NAN;
}

static double spread(const struct facility *f, const double *v)
{
    (void)f; /* of the row alone */
    return keep_finite(most(v[IA], v[IB], v[IB]) - least(v[IA], v[IB], v[IB]));
}

static double from_mean(const struct facility *f, const double *v)
{
    (void)f; /* of the row alone */
    return keep_finite(current(v) - v[IA]);
}

static double mixed(const struct facility *f, const double *v)
{
    (void)f; /* of the row alone */
    return keep_finite(keep_finite(2 * v[KW]) - keep_finite(v[IA] * v[IB]));
}

static double constant(const struct facility *f, const double *v)
{
    (void)f; /* of the row alone */
    return keep_finite(v[TEMP] + keep_finite(0 * v[KW]));
}

static const struct {
    const char *text;
    bool is_share, is_current;
    int n, channels[3]; /* as written */
    double (*of)(const struct facility *f, const double *v);
} FORMS[ROW_FORMS] = {
    {"(max(ia, ib, ic) - min(ia, ib, ic)) / avg(ia, ib, ic)", true, false, 3, {IA, IB, IC}, imbalance},
    {"kw / rated_kw", true, false, 1, {KW}, use},
    {"(max(ia, ib) - min(ia, ib))", false, true, 2, {IA, IB}, spread},
    {"(current - ia)", false, true, 3, {IA, IB, IC}, from_mean},
    {"(2 * kw - ia * ib)", false, false, 3, {KW, IA, IB}, mixed},
    {"(temp + 0 * kw)", false, false, 2, {TEMP, KW}, constant},
};

const char *row_text(int form)
{
    return FORMS[form].text;
}

bool row_is_share(int form)
{
    return FORMS[form].is_share;
}

bool row_is_current(int form)
{
    return FORMS[form].is_current;
}

int row_channels(int form, int out[N_CHANNELS])
{
    memcpy(out, FORMS[form].channels, sizeof FORMS[form].channels);
    return FORMS[form].n;
}

bool row_value(int form, const struct facility *f, const struct sample *sample, double *out)
{
    bool is_sample = false;

    for (int i = 0; i < FORMS[form].n; i++)
        is_sample |= !isnan(sample->value[FORMS[form].channels[i]]);
    *out = is_sample ? FORMS[form].of(f, sample->value) : NAN;
    return is_sample;
}
