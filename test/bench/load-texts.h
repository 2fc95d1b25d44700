/* What is asked, what is expected, and in which order. */
#pragma once
#include "addresses.h"
#include "load-job.h"
#include "load-measure.h"
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWN = 1 << 18 };

/* ---- what is asked and expected: templates into which an address is written ---- */

struct text {
  char bytes[128];
  size_t length, key_at;
};
static struct text query, reply;
static const char *name = "user", *domain = "host";
static int is_any_not_found; /* tcp_table: only the code of a "500 text" counts */

static struct text text_around_key(const char *before, const char *after) {
  struct text t = {.key_at = strlen(before), .length = strlen(before) + KEY_BYTES + strlen(after)};
  memcpy(t.bytes, before, t.key_at);
  memcpy(t.bytes + t.key_at + KEY_BYTES, after, strlen(after));
  return t;
}

static struct text text_without_key(const char *bytes) {
  struct text t = {.length = strlen(bytes)};
  memcpy(t.bytes, bytes, t.length);
  return t;
}

static int is_tcp_table, is_mailbox;

static void prepare_texts(void) {
  is_tcp_table = strcmp(job.protocol, "tcp_table") == 0;
  is_mailbox = job.constant || strcmp(job.population, "mailbox") == 0;
  if (strcmp(job.population, "nobody") == 0) name = "none";
  if (strcmp(job.population, "foreign") == 0) domain = "away";
  query = is_tcp_table ? text_around_key("get ", "\n") : text_around_key("34:senders ", ",");
  if (is_mailbox) reply = is_tcp_table ? text_around_key("200 ", "\n") : text_around_key("29:OK ", ",");
  else reply = text_without_key(is_tcp_table ? "500 " : "9:NOTFOUND ,");
  is_any_not_found = is_tcp_table && !is_mailbox;
  if (job.constant) write_address(reply.bytes + reply.key_at, "user", "host", 0);
}

static int is_whole(const char *bytes, size_t length) {
  if (is_tcp_table) return length > 0 && bytes[length - 1] == '\n';
  const char *colon = memchr(bytes, ':', length);
  return colon != NULL && length >= (size_t)(colon - bytes) + 2 + (size_t)atoi(bytes);
}

/* ---- the order of the keys ---- */

static uint32_t *sequence, sequence_length, position;

static void draw_sequence(void) {
  uint32_t count = (uint32_t)job.count;
  int is_walk = strcmp(job.order, "walk") == 0;
  sequence_length = is_walk ? count : DRAWN;
  sequence = malloc(sequence_length * sizeof *sequence);
  double exponent = atof(job.order), sum = 0, *cumulated = malloc(count * sizeof *cumulated);
  for (uint32_t i = 0; i < count; i++) cumulated[i] = sum += pow(i + 1, -exponent); /* uniform: exponent 0 */
  for (uint32_t i = 0; i < sequence_length; i++) {
    if (is_walk) {
      sequence[i] = i;
      continue;
    }
    double value = random_unit() * sum;
    uint32_t low = 0, high = count - 1;
    while (low < high) {
      uint32_t middle = (low + high) / 2;
      if (cumulated[middle] > value) high = middle;
      else low = middle + 1;
    }
    sequence[i] = low;
  }
  free(cumulated);
}
