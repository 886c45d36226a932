/*
 * figures.h - some figures of summaries against all of them.
 */
#ifndef TESTS_FIGURES_H
#define TESTS_FIGURES_H

#include <math.h>

#include "support/support.h"

static inline void wanted_or_nan(bool is_wanted, double some, double all)
{
    if (is_wanted)
        assert_bits_equal(some, all);
    else
        assert_true(isnan(some));
}

static inline void some_are_as_all(uint32_t figures, const struct gk_summary *some, const struct gk_summary *all)
{
    assert_int_equal(some->count, all->count);
    assert_int_equal(some->held_ns, all->held_ns);
    assert_true(some->first_time == all->first_time && some->last_time == all->last_time);
    wanted_or_nan(figures & GK_FIGURE_SUM, some->sum, all->sum);
    wanted_or_nan(figures & GK_FIGURE_RANGE, some->min, all->min);
    wanted_or_nan(figures & GK_FIGURE_RANGE, some->max, all->max);
    wanted_or_nan(figures & GK_FIGURE_ENDS, some->first, all->first);
    wanted_or_nan(figures & GK_FIGURE_ENDS, some->last, all->last);
    wanted_or_nan(figures & GK_FIGURE_INTEGRAL, some->integral, all->integral);
    wanted_or_nan(figures & GK_FIGURE_SQUARES, some->square_sum, all->square_sum);
}

#endif
