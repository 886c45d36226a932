/*
 * interrupt.h - Ctrl-C. It asks what is running to stop; whoever runs it looks from time to time.
 */
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

/* From now on Ctrl-C is noted; is_once: only the first one, the second ends the program as usual. */
void interrupt_catch(bool is_once);
bool interrupt_is_pending(void);
void interrupt_clear(void);
/* Sleeps that long, or until Ctrl-C; whether it was Ctrl-C. */
bool interrupt_wait(int64_t ns);
/* Waits for something to read, or Ctrl-C; whether it was Ctrl-C. */
bool interrupt_wait_for_input(int fd);

#endif
