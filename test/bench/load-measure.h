/* Time, chance, latencies, and what a server takes of the machine. */
#pragma once
#include "load-job.h"
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* ---- time and chance ---- */

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t random_state;

static double random_unit(void) { /* splitmix64 */
  uint64_t z = random_state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

/* ---- a histogram, in ns: 128 buckets per power of two ---- */

static uint64_t buckets[64 * 128], recorded, longest_ns;

static void record(uint64_t ns) {
  int shift = ns < 256 ? 0 : 56 - __builtin_clzll(ns);
  buckets[(unsigned)shift * 128 + (ns >> shift)]++;
  recorded++;
  if (ns > longest_ns) longest_ns = ns;
}

static double quantile_us(double quantile) {
  uint64_t rank = (uint64_t)ceil(quantile * (double)recorded), seen = 0;
  for (unsigned i = 0; i < sizeof buckets / sizeof *buckets; i++) {
    seen += buckets[i];
    if (seen == 0 || seen < rank) continue;
    unsigned shift = i < 256 ? 0 : i / 128 - 1;
    double middle = (double)((uint64_t)(i - shift * 128) << shift) + (double)((1ull << shift) >> 1);
    return fmin(middle, (double)longest_ns) / 1000;
  }
  return 0;
}

/* ---- the server's use of the machine: proc(5) ---- */

static double server_cpu_us(int pid) {
  char path[64], line[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *file = fopen(path, "r");
  if (file == NULL || fgets(line, sizeof line, file) == NULL) fail("%s: %s", path, strerror(errno));
  fclose(file);
  unsigned long user = 0, system = 0;
  sscanf(strrchr(line, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
  return (double)(user + system) * 1e6 / (double)sysconf(_SC_CLK_TCK);
}

static double server_rss_bytes(int pid) {
  char path[64];
  unsigned long size = 0, resident = 0;
  snprintf(path, sizeof path, "/proc/%d/statm", pid);
  FILE *file = fopen(path, "r");
  if (file == NULL || fscanf(file, "%lu %lu", &size, &resident) != 2) fail("%s: %s", path, strerror(errno));
  fclose(file);
  return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static double own_cpu_us(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}
