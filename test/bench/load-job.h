/* What the load generator is told to do: the fields of a LoadJob of load-job.ts, as name=value. */
#pragma once
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
  char target[108], protocol[16], population[16], order[16];
  double first, count, repeat, constant, connections, ask_all, warm_ms, measure_ms, rate, churn, pid, seed;
} job;

static void fail(const char *format, ...) {
  va_list words;
  va_start(words, format);
  vfprintf(stderr, format, words);
  va_end(words);
  fputc('\n', stderr);
  exit(1);
}

static void read_job(int argc, char **argv) {
  const struct {
    const char *name;
    double *number;
    char *text;
    size_t size;
  } fields[] = {
      {"target", NULL, job.target, sizeof job.target},       {"protocol", NULL, job.protocol, sizeof job.protocol},
      {"population", NULL, job.population, sizeof job.population}, {"order", NULL, job.order, sizeof job.order},
      {"first", &job.first, NULL, 0},       {"count", &job.count, NULL, 0},
      {"repeat", &job.repeat, NULL, 0},     {"constant", &job.constant, NULL, 0},
      {"connections", &job.connections, NULL, 0}, {"ask_all", &job.ask_all, NULL, 0},
      {"warm_ms", &job.warm_ms, NULL, 0},   {"measure_ms", &job.measure_ms, NULL, 0},
      {"rate", &job.rate, NULL, 0},         {"churn", &job.churn, NULL, 0},
      {"pid", &job.pid, NULL, 0},           {"seed", &job.seed, NULL, 0},
  };
  for (int i = 1; i < argc; i++) {
    char *value = strchr(argv[i], '=');
    if (value == NULL) fail("expected name=value, got %s", argv[i]);
    *value++ = '\0';
    size_t f = 0;
    while (f < sizeof fields / sizeof *fields && strcmp(fields[f].name, argv[i]) != 0) f++;
    if (f == sizeof fields / sizeof *fields) fail("unknown field %s", argv[i]);
    if (fields[f].number != NULL) *fields[f].number = atof(value);
    else snprintf(fields[f].text, fields[f].size, "%s", value);
  }
}
