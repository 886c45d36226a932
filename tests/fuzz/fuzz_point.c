/*
 * fuzz_point.c - a line of the line protocol from anywhere: a point, or one error with a column inside of the line.
 */
#include <stdlib.h>
#include <string.h>

#include "feed/point.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct point point;
    struct gk_error error = {0};
    struct buffer scratch;

    buffer_init(&scratch, &MEM_SYSTEM);
    int rc = point_parse((const char *)bytes, size, &scratch, &point, &error);
    if (rc != GK_OK && (error.status != rc || error.column < 1 || error.column > size + 1 || !error.text[0]))
        abort();
    if (rc == GK_OK && (point.n_fields < 1 || point.n_fields > POINT_FIELDS_MAX || point.measurement.size < 1))
        abort();
    buffer_clear(&scratch);
    return 0;
}
