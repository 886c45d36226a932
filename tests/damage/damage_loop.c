/*
 * damage_loop.c - damaged files, as many as are wanted: damage_loop [FILES], 100,000 without one. `make damage`.
 */
#include "damage/damages.h"

int main(int argc, char **argv)
{
    return run_damages(test_seed("damage_loop"), argc > 1 ? strtoull(argv[1], NULL, 10) : 100000) > 0;
}
