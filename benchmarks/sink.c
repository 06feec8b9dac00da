/*
 * A sink that answers as SES does and checks nothing, in one thread that waits in epoll.
 *
 *     sink ACCEPTED ALLOWANCE DELAY_MS
 *
 * POST is answered with the text ACCEPTED, a bulk POST with one result for each of its
 * destinations, GET with ALLOWANCE; each DELAY_MS milliseconds after it came. The port goes to
 * standard output; the end of standard input is the end of the sink.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_ENTRIES 50 /* of one bulk call: SES's own limit */
#define ENTRY "{\"Status\":\"SUCCESS\",\"MessageId\":\"0102019a-bulk\"}"

typedef struct {
    int socket;
    char *held;
    size_t length, room;
} Connection;

typedef struct answer {
    Connection *to;
    const char *text;
    size_t length;
    double due;
    struct answer *next;
} Answer;

/* Whole answers, made once: the head and one of the bodies. */
static char *accepted, *allowed, *bulk[MOST_ENTRIES + 1];
static double delay;
static Answer *first, **last = &first;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void *must(void *made)
{
    if (!made) {
        perror("sink");
        exit(1);
    }
    return made;
}

static char *answer_with(const char *body)
{
    char *made;
    if (asprintf(&made,
                 "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                 "Content-Length: %zu\r\n\r\n%s",
                 strlen(body), body) < 0)
        must(NULL);
    return made;
}

static char *bulk_body(int entries)
{
    char *made = must(malloc(64 + (size_t)entries * sizeof ENTRY));
    char *end = stpcpy(made, "{\"BulkEmailEntryResults\":[");
    for (int n = 0; n < entries; n++)
        end = stpcpy(stpcpy(end, n ? "," : ""), ENTRY);
    strcpy(end, "]}");
    return made;
}

static void put(Connection *to, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = send(to->socket, text, length, MSG_NOSIGNAL);
        if (written < 0 && (errno == EAGAIN || errno == EINTR))
            continue; /* an answer is far smaller than a socket's buffer: this is soon over */
        if (written < 0)
            return;
        text += written;
        length -= (size_t)written;
    }
}

static void reply(Connection *to, const char *text)
{
    if (delay <= 0) {
        put(to, text, strlen(text));
        return;
    }
    Answer *later = must(malloc(sizeof *later));
    *later = (Answer){to, text, strlen(text), now() + delay, NULL};
    *last = later;
    last = &later->next;
}

static void reply_what_is_due(void)
{
    while (first && first->due <= now()) {
        Answer *done = first;
        first = done->next;
        if (!first)
            last = &first;
        if (done->to)
            put(done->to, done->text, done->length);
        free(done);
    }
}

static int until_due(void)
{
    double left = first ? first->due - now() : 0;
    return !first ? -1 : left <= 0 ? 0 : (int)(left * 1e3) + 1;
}

static const char *answer_to(const char *request, const char *body, size_t length)
{
    if (!strncmp(request, "GET", 3))
        return allowed;
    if (!strstr(request, "outbound-bulk-emails"))
        return accepted;
    int entries = 0;
    const char *end = body + length, *word = "\"Destination\"";
    while (entries < MOST_ENTRIES &&
           (body = memmem(body, (size_t)(end - body), word, strlen(word)))) {
        entries++;
        body += strlen(word);
    }
    return bulk[entries];
}

/* Answer the first request that is held, and forget it; 0 while some of it is still to come. */
static int answer_one(Connection *from)
{
    char *ends = memmem(from->held, from->length, "\r\n\r\n", 4);
    if (!ends)
        return 0;
    *ends = '\0'; /* so that the head is a string; only one that is answered is looked at again */
    const char *said = strcasestr(from->held, "\r\ncontent-length:");
    size_t head = (size_t)(ends - from->held) + 4;
    size_t body = said ? strtoul(said + strlen("\r\ncontent-length:"), NULL, 10) : 0;
    if (from->length < head + body) {
        *ends = '\r';
        return 0;
    }
    reply(from, answer_to(from->held, from->held + head, body));
    from->length -= head + body;
    memmove(from->held, from->held + head + body, from->length);
    return 1;
}

static void forget(Connection *ended)
{
    for (Answer *each = first; each; each = each->next)
        if (each->to == ended)
            each->to = NULL;
    close(ended->socket);
    free(ended->held);
    free(ended);
}

static void hear(Connection *from)
{
    for (;;) {
        if (from->room - from->length < 65536)
            from->held = must(realloc(from->held, from->room = 2 * from->room + 131072));
        ssize_t came =
            read(from->socket, from->held + from->length, from->room - from->length - 1);
        if (came < 0 && errno == EINTR)
            continue;
        if (came < 0 && errno == EAGAIN)
            return;
        if (came <= 0) {
            forget(from);
            return;
        }
        from->length += (size_t)came;
        from->held[from->length] = '\0';
        while (answer_one(from))
            ;
    }
}

static void welcome(int listener, int waiting)
{
    int one = 1, socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0)
        return;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    Connection *made = must(calloc(1, sizeof *made));
    made->socket = socket;
    struct epoll_event wish = {.events = EPOLLIN, .data.ptr = made};
    epoll_ctl(waiting, EPOLL_CTL_ADD, socket, &wish);
}

static int listening(void)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in here = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    if (listener < 0 || bind(listener, (void *)&here, size) || listen(listener, 512) ||
        getsockname(listener, (void *)&here, &size))
        must(NULL);
    printf("%d\n", ntohs(here.sin_port));
    fflush(stdout);
    return listener;
}

int main(int count, char **words)
{
    if (count != 4) {
        fprintf(stderr, "usage: sink ACCEPTED ALLOWANCE DELAY_MS\n");
        return 2;
    }
    accepted = answer_with(words[1]);
    allowed = answer_with(words[2]);
    delay = atof(words[3]) / 1e3;
    for (int n = 0; n <= MOST_ENTRIES; n++)
        bulk[n] = answer_with(bulk_body(n));

    /* Two pointers that are no connection's tell the door and the end from the connections. */
    static char door, end;
    int listener = listening(), waiting = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event wish = {.events = EPOLLIN, .data.ptr = &door}, came[64];
    epoll_ctl(waiting, EPOLL_CTL_ADD, listener, &wish);
    wish.data.ptr = &end;
    epoll_ctl(waiting, EPOLL_CTL_ADD, STDIN_FILENO, &wish);

    for (;;) {
        int ready = epoll_wait(waiting, came, 64, until_due());
        for (int n = 0; n < ready; n++) {
            if (came[n].data.ptr == &door)
                welcome(listener, waiting);
            else if (came[n].data.ptr == &end)
                return 0;
            else
                hear(came[n].data.ptr);
        }
        reply_what_is_due();
    }
}
