/* The addresses of workload.ts, for the C programs of the benchmark: a function of their number, all equally long. */
#pragma once
#include <string.h>

enum { DOMAINS = 100, KEY_BYTES = 26 };

/* Writes the KEY_BYTES bytes of address `number` without a closing NUL. `name` and `domain` have four letters each. */
static inline void write_address(char *to, const char *name, const char *domain, unsigned number) {
  unsigned place = number % DOMAINS, digits = number;
  memcpy(to, name, 4);
  for (int i = 10; i >= 4; i--, digits /= 10) to[i] = (char)('0' + digits % 10);
  to[11] = '@';
  memcpy(to + 12, domain, 4);
  to[16] = (char)('0' + place / 10);
  to[17] = (char)('0' + place % 10);
  memcpy(to + 18, ".invalid", 8);
}
