/* The load generator of load.ts once more, in C, used when there is a compiler: it costs the machine half as much, so that
 * a server that is faster than Node can be measured on the core beside it.
 *
 * Takes the fields of a LoadJob as name=value, prints one LoadResult as JSON; load-job.ts says what they mean. Connections are
 * opened before the clock starts, one query is in flight on each, every reply is compared byte by byte.
 */
#define _GNU_SOURCE
#include "addresses.h"
#include "load-job.h"
#include "load-measure.h"
#include "load-texts.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { REPLY_BYTES = 512, EVENTS = 256, GIVE_UP_MS = 10000 };

/* ---- clients ---- */

struct client {
  int fd;
  uint32_t place, repeats_left;
  uint64_t since, lookups;
  size_t filled;
  char buffer[REPLY_BYTES];
};

static int epoll;
static struct client *clients, **idle;
static unsigned idle_count;
static uint64_t replies, wrong, broken;
static char first_fault[400];

static void note_fault(const char *format, ...) {
  if (first_fault[0] != '\0') return;
  va_list words;
  va_start(words, format);
  vsnprintf(first_fault, sizeof first_fault, format, words);
  va_end(words);
  for (char *c = first_fault; *c != '\0'; c++) /* it goes into JSON as it is */
    if (*c < ' ' || *c > '~' || *c == '"' || *c == '\\') *c = '?';
}

static void open_client(struct client *c) {
  int one = 1, opened;
  if (job.target[0] == '/') {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, job.target, sizeof address.sun_path);
    c->fd = socket(AF_UNIX, SOCK_STREAM, 0);
    opened = connect(c->fd, (struct sockaddr *)&address, sizeof address);
  } else {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(job.target))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    opened = connect(c->fd, (struct sockaddr *)&address, sizeof address);
  }
  if (opened < 0) fail("connect to %s: %s", job.target, strerror(errno));
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event);
}

static void ask(struct client *c, uint32_t place, uint64_t since) {
  c->place = place;
  c->since = since;
  c->filled = 0;
  write_address(query.bytes + query.key_at, name, domain, (unsigned)job.first + place);
  if (send(c->fd, query.bytes, query.length, MSG_NOSIGNAL) != (ssize_t)query.length)
    fail("send to %s: %s", job.target, strerror(errno));
}

static void ask_next(struct client *c, uint64_t since) {
  if (c->repeats_left == 0) {
    c->repeats_left = (uint32_t)job.repeat;
    c->place = sequence[position++];
    if (position == sequence_length) position = 0;
  }
  c->repeats_left--;
  ask(c, c->place, since);
}

/* Takes what has arrived. Returns whether that was a whole reply. */
static int receive(struct client *c) {
  ssize_t got = recv(c->fd, c->buffer + c->filled, REPLY_BYTES - c->filled, MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return 0;
  if (got <= 0) fail("connection to %s: %s", job.target, got == 0 ? "closed by the server" : strerror(errno));
  c->filled += (size_t)got;
  if (is_mailbox && !job.constant)
    write_address(reply.bytes + reply.key_at, name, domain, (unsigned)job.first + c->place);
  if (c->filled == reply.length && memcmp(c->buffer, reply.bytes, reply.length) == 0 && !is_any_not_found) return 1;
  if (!is_whole(c->buffer, c->filled)) return 0;
  if (is_any_not_found && memcmp(c->buffer, "500 ", 4) == 0) return 1;
  wrong++;
  note_fault("got %.*s, expected %.*s", (int)c->filled, c->buffer, (int)reply.length, reply.bytes);
  return 1;
}

/* ---- the run ---- */

enum phase { ASKING_ALL, WARMING, MEASURING, OVER };
static enum phase phase = ASKING_ALL;
static uint64_t phase_end = UINT64_MAX, began, ended, next_due;
static double server_cpu_before, server_cpu_after, own_cpu_before, own_cpu_after;
static uint32_t to_ask;

/* Open loop: lookups that were due while no client was idle. */
static uint64_t *backlog;
static size_t backlog_head, backlog_tail, backlog_size;

static void put_off(uint64_t due) {
  if (backlog_tail == backlog_size) {
    backlog_size = backlog_size == 0 ? 65536 : backlog_size * 2;
    backlog = realloc(backlog, backlog_size * sizeof *backlog);
  }
  backlog[backlog_tail++] = due;
}

static void send_due(uint64_t now) {
  while (next_due <= now) {
    if (idle_count > 0) ask_next(idle[--idle_count], next_due);
    else put_off(next_due);
    next_due += (uint64_t)(-log(1 - random_unit()) / job.rate * 1e9);
  }
}

static void enter(enum phase next, uint64_t now) {
  phase = next;
  if (phase == WARMING) {
    phase_end = now + (uint64_t)(job.warm_ms * 1e6);
    next_due = now;
  } else if (phase == MEASURING) {
    phase_end = now + (uint64_t)(job.measure_ms * 1e6);
    began = now;
    server_cpu_before = server_cpu_us((int)job.pid);
    own_cpu_before = own_cpu_us();
  } else {
    ended = now;
    server_cpu_after = server_cpu_us((int)job.pid);
    own_cpu_after = own_cpu_us();
  }
}

/* Gives an idle client its next lookup, if one is due. */
static void go_on(struct client *c, uint64_t now) {
  if (phase == OVER) return;
  if (phase == ASKING_ALL && to_ask > 0) {
    ask(c, --to_ask, now);
  } else if (phase == ASKING_ALL || (job.rate > 0 && backlog_head == backlog_tail)) {
    idle[idle_count++] = c;
  } else if (job.rate > 0) {
    ask_next(c, backlog[backlog_head++]);
    if (backlog_head == backlog_tail) backlog_head = backlog_tail = 0;
  } else {
    ask_next(c, now);
  }
}

static void take_reply(struct client *c) {
  uint64_t now = now_ns();
  replies++;
  if (phase == MEASURING) record(now - c->since);
  if (now >= phase_end) enter(phase == WARMING ? MEASURING : OVER, now);
  if (job.churn > 0 && ++c->lookups % (uint64_t)job.churn == 0 && phase != OVER) {
    close(c->fd);
    open_client(c);
  }
  go_on(c, now);
}

/* Waits for replies, in an open loop no longer than until the next lookup is due. Fails when nothing comes for too long. */
static int wait_for_replies(struct epoll_event *events) {
  static uint64_t replies_before, silent_since;
  uint64_t now = now_ns();
  if (replies != replies_before || silent_since == 0) silent_since = now;
  replies_before = replies;
  if (now - silent_since > GIVE_UP_MS * 1000000ull) fail("no reply within %d ms", GIVE_UP_MS);
  if (job.rate == 0 || phase == ASKING_ALL) return epoll_wait(epoll, events, EVENTS, 1000);
  send_due(now);
  uint64_t left = next_due > now ? next_due - now : 0;
  struct timespec wait = {.tv_sec = (time_t)(left / 1000000000u), .tv_nsec = (long)(left % 1000000000u)};
  struct pollfd poll_epoll = {.fd = epoll, .events = POLLIN};
  ppoll(&poll_epoll, 1, &wait, NULL); /* epoll_wait itself waits in whole milliseconds */
  return epoll_wait(epoll, events, EVENTS, 0);
}

int main(int argc, char **argv) {
  read_job(argc, argv);
  random_state = (uint64_t)job.seed;
  prctl(PR_SET_TIMERSLACK, 1);
  prepare_texts();
  draw_sequence();
  unsigned count = (unsigned)job.connections;
  clients = calloc(count, sizeof *clients);
  idle = calloc(count, sizeof *idle);
  epoll = epoll_create1(0);
  for (unsigned i = 0; i < count; i++) {
    open_client(&clients[i]);
    idle[idle_count++] = &clients[i];
  }
  if (job.ask_all) {
    to_ask = (uint32_t)job.count;
    idle_count = 0;
    for (unsigned i = 0; i < count; i++) go_on(&clients[i], now_ns());
  }
  struct epoll_event events[EVENTS];
  while (phase != OVER) {
    if (phase == ASKING_ALL && idle_count == count) {
      enter(job.measure_ms > 0 ? WARMING : OVER, now_ns());
      unsigned waiting = job.rate > 0 ? 0 : idle_count;
      for (unsigned i = 0; i < waiting; i++) go_on(idle[--idle_count], now_ns());
      continue;
    }
    int ready = wait_for_replies(events);
    for (int i = 0; i < ready; i++)
      if (receive(events[i].data.ptr)) take_reply(events[i].data.ptr);
  }
  double lookups = (double)recorded, seconds = (double)(ended - began) / 1e9;
  if (recorded == 0) seconds = lookups = 1; /* only asked all */
  printf("{\"lookups\":%llu,\"asked\":%llu,\"seconds\":%.6f,\"perSecond\":%.1f,\"p50Us\":%.2f,\"p99Us\":%.2f,\"p999Us\":%.2f,"
         "\"maxUs\":%.2f,\"cpuUs\":%.4f,\"generatorCpuUs\":%.4f,\"rssBytes\":%.0f,\"wrong\":%llu,\"broken\":%llu,"
         "\"firstFault\":\"%s\"}\n",
         (unsigned long long)recorded, (unsigned long long)replies, seconds, (double)recorded / seconds, quantile_us(0.5), quantile_us(0.99),
         quantile_us(0.999), (double)longest_ns / 1000, (server_cpu_after - server_cpu_before) / lookups,
         (own_cpu_after - own_cpu_before) / lookups, server_rss_bytes((int)job.pid), (unsigned long long)wrong,
         (unsigned long long)broken, first_fault);
  return 0;
}
