/*
 * test_kill.c - the kill -9 loop as a quick test: 200 kills, or GK_ROUNDS.
 */
#include "crash/kills.h"

int main(void)
{
    return run_kills(test_rounds(200));
}
