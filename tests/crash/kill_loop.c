/*
 * kill_loop.c - the kill -9 loop, as long as is wanted: kill_loop [KILLS], 10,000 without one. `make crash`.
 */
#include "crash/kills.h"

int main(int argc, char **argv)
{
    return run_kills(argc > 1 ? strtoull(argv[1], NULL, 10) : 10000);
}
