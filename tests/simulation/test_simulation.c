/*
 * test_simulation.c - stories from seeds: GK_ROUNDS of them, the first one GK_SEED; `make simulate` tells 100,000. A
 * seed gives the same story always.
 */
#include "simulation/story.h"

#define SEEDS 300

static void every_story_ends_with_what_was_acknowledged(void **state)
{
    uint64_t first = test_seed("simulation"), n = test_rounds(SEEDS);
    struct story_counts c = {0};
    char folder[4096];
    (void)state;

    (void)snprintf(folder, sizeof folder, "%s", test_folder());
    for (uint64_t i = 0; i < n; i++)
        story_tell(first + i, folder, &c);
    test_folder_remove(folder);
    print_message(
        "%llu stories: %llu batches of %llu rows, %llu commits, %llu sealings, %llu retentions, %llu releases, "
        "%llu looks, %llu snapshots held, %llu backups, %llu restarts, %llu faults armed, %llu power cuts "
        "(%llu lost something); %llu advances, %llu alarms, %llu acts of the judge, %llu acts handed in and taken, "
        "%llu "
        "refused, %llu told, %llu breaches asked for\n",
        (unsigned long long)n, (unsigned long long)c.batches, (unsigned long long)c.rows, (unsigned long long)c.commits,
        (unsigned long long)c.seals, (unsigned long long)c.retentions, (unsigned long long)c.releases,
        (unsigned long long)c.looks, (unsigned long long)c.holds, (unsigned long long)c.backups,
        (unsigned long long)c.restarts, (unsigned long long)c.faults, (unsigned long long)c.power_cuts,
        (unsigned long long)c.lost, (unsigned long long)c.advances, (unsigned long long)c.alarms,
        (unsigned long long)c.acts, (unsigned long long)c.taken, (unsigned long long)c.refused,
        (unsigned long long)c.told, (unsigned long long)c.asked);
    if (n >= SEEDS) /* all of it happens */
        assert_true(c.alarms && c.taken && c.refused && c.told && c.asked && c.retentions && c.releases && c.looks &&
                    c.holds && c.backups && c.power_cuts && c.lost);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_story_ends_with_what_was_acknowledged),
};

RUN_TESTS(tests)
