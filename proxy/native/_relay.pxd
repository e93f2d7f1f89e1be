# cython: language_level=3, cdivision=True
"""What `_relay.pyx` has for `_front.pyx`: what a pair is, and how it is served."""

from libc.errno cimport EAGAIN, EINTR, ENOSYS, errno
from libc.stdint cimport uint32_t, uint64_t, uintptr_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memchr, memcmp, memcpy, memmove
from posix.unistd cimport close, read, write

cdef extern from "strings.h" nogil:
    int strncasecmp(const char *, const char *, size_t)

cdef extern from "pthread.h" nogil:
    ctypedef struct pthread_mutex_t:
        pass
    int pthread_mutex_init(pthread_mutex_t *, void *)
    int pthread_mutex_lock(pthread_mutex_t *)
    int pthread_mutex_unlock(pthread_mutex_t *)
    int pthread_mutex_destroy(pthread_mutex_t *)

cdef extern from "sys/socket.h" nogil:
    ctypedef unsigned int socklen_t
    ssize_t recv(int, void *, size_t, int)
    ssize_t send(int, const void *, size_t, int)
    int shutdown(int, int)
    int MSG_NOSIGNAL
    int MSG_DONTWAIT
    int SHUT_RDWR
    int SHUT_WR

cdef extern from "sched.h" nogil:
    int sched_yield()

cdef extern from "time.h" nogil:
    ctypedef int clockid_t
    struct timespec:
        long tv_sec
        long tv_nsec
    int clock_gettime(clockid_t, timespec *)
    clockid_t CLOCK_MONOTONIC

cdef extern from "sys/eventfd.h" nogil:
    int eventfd(unsigned int, int)
    int EFD_CLOEXEC
    int EFD_NONBLOCK

cdef extern from "sys/epoll.h" nogil:
    ctypedef union epoll_data_t:
        uint64_t u64
    struct epoll_event:
        uint32_t events
        epoll_data_t data
    int epoll_create1(int)
    int epoll_ctl(int, int, int, epoll_event *)
    int epoll_wait(int, epoll_event *, int, int)
    int EPOLL_CLOEXEC
    int EPOLL_CTL_ADD
    int EPOLL_CTL_MOD
    int EPOLL_CTL_DEL
    uint32_t EPOLLIN
    uint32_t EPOLLOUT
    uint32_t EPOLLERR
    uint32_t EPOLLHUP
    uint32_t EPOLLET


cdef enum:
    # Bytes that are received at once; a longer Query or Parse is Python's.
    CHUNK = 1 << 17
    # Receives from one connection before the others have their turn.
    TURNS = 8
    # Bytes of which a receive is part of something long, unless a question or an answer ends in it.
    STREAMED = 1 << 12
    # Nanoseconds for which the next part of it is awaited without going to sleep.
    LINGER = 100_000
    # Events that are seen to before Python may give or take pairs.
    EVENTS = 64
    # The most that PostgreSQL itself accepts, as in proxy.wire.frames.
    LARGEST = 0x3FFFFFFF + 4
    HEADER = 5
    # A longer ParameterStatus is not that of client_encoding; no BackendKeyData is.
    LONGEST_NOTED = 512
    # Types of messages whose answers are awaited; Python counts on if there are more.
    LONGEST_LOG = 1 << 16
    SHORTEST_LIST = 32
    # Marks the types of a client's messages in the log.
    FROM_CLIENT = 0x80

    CLIENT = 0
    SERVER = 1

    # Bytes of the longest address of a socket whose text is of interest.
    ADDRESS = 28

    # What a pair is at: passing messages on, or, in `_front.pyx`, something before or after that.
    RELAYED = 0

    # Bytes of records that what is received at once becomes, at the most: each of 16 KiB gets a head and a tail.
    SEALED = CHUNK + CHUNK / 16 + 1024
    SSL_ERROR_WANT_READ = 2


ctypedef int (*Transfer)(void *, void *, int) noexcept nogil
ctypedef int (*Judge)(void *, int) noexcept nogil
ctypedef void (*Forget)() noexcept nogil


cdef struct Cipher:
    void *ssl
    void *incoming          # what SSL_read reads from
    void *outgoing          # what SSL_write writes to


cdef struct Side:
    int fd
    uint64_t received       # bytes
    uint32_t events         # what epoll watches for
    size_t skip             # bytes of a message from here that are still to pass
    unsigned char *held     # the beginning of a message from here: a client's is not sent on yet
    size_t held_size
    unsigned char *unsent   # bytes that this side has not taken yet
    size_t unsent_size
    bint deaf               # it takes nothing any more, but what it has said last may still be unread


# How a server's connection was begun, so that it can serve the next client (`proxy/entry/idle.py`).
cdef struct Origin:
    unsigned char *key      # the body of the server's own BackendKeyData
    size_t key_size
    unsigned char *packet   # the StartupMessage
    size_t packet_size
    unsigned char *answers  # what the server has said to it, from AuthenticationOk to ReadyForQuery
    size_t answers_size
    size_t secret_at        # where in them each client gets a secret of its own
    double until            # when it is too old for another client, on the clock of CLOCK_MONOTONIC, in seconds
    double kept             # since when it waits
    bint resetting          # what the last client has left is still there
    bint unfit              # it must not serve another client


# A client that was accepted here: Python knows nothing of it.
cdef struct Guest:
    unsigned char peer[ADDRESS]
    socklen_t peer_size
    double began
    double logged_in        # 0 until then
    double ended
    unsigned char *packet   # the StartupMessage
    size_t packet_size
    unsigned char *key      # the body of the BackendKeyData that the client was told
    size_t key_size
    unsigned char policy    # of the listener
    unsigned char asked     # which kinds of encryption it has asked for
    unsigned char outcome


cdef struct Pair:
    uint32_t index
    uint32_t age            # tells a pair from an earlier one of the same index
    bint returned
    unsigned char stage
    bint terminated         # the client has said Terminate, and so has the server been told
    Guest *guest            # of a client that was accepted here, or NULL
    Origin *origin            # of a server's connection that may be used again, or NULL
    Pair *next              # in a list of those that have ended
    Cipher *cipher          # of the client's connection, or NULL
    Side sides[2]
    unsigned char *log
    size_t log_size
    size_t log_room
    uint32_t unanswered     # messages that ReadyForQuery will answer
    uint32_t since          # logged messages of the client since the last of those
    unsigned char status
    unsigned char *encoding
    size_t encoding_size


# What a message begins with.
cdef struct Header:
    unsigned char kind
    size_t size             # bytes of the message, this among them
    bint possible           # whether a message may have that many


cdef inline uint32_t big_endian(const unsigned char *at) noexcept nogil:
    return (<uint32_t>at[0] << 24) | (<uint32_t>at[1] << 16) | (<uint32_t>at[2] << 8) | at[3]


cdef inline bint read_header(const unsigned char *data, size_t size, Header *found) noexcept nogil:
    """Read what a message begins with; False if it has not all come."""
    cdef uint32_t length
    if size < HEADER:
        return False
    length = big_endian(data + 1)
    found.kind = data[0]
    found.size = <size_t>length + 1
    found.possible = 4 <= length <= LARGEST
    return True


cdef inline double now() noexcept nogil:
    cdef timespec found
    clock_gettime(CLOCK_MONOTONIC, &found)
    return found.tv_sec + found.tv_nsec / 1e9


cdef inline bint has_ended(ssize_t got) noexcept nogil:
    """Whether a connection has ended of which `recv` has given nothing: there may be bytes later."""
    return got == 0 or errno not in (EAGAIN, EINTR)


cdef inline bint is_answered(unsigned char kind) noexcept nogil:
    """Whether a client's message counts for what the server will answer."""
    return kind in (c'B', c'C', c'c', c'D', c'E', c'F', c'f', c'P', c'Q', c'S')


cdef inline bint is_answer(unsigned char kind) noexcept nogil:
    """Whether a server's message counts as an answer, or the end of one."""
    return kind in (c'1', c'2', c'3', c'C', c'E', c'G', c'I', c'n', c's', c'T', c'W')


cdef inline size_t passed_over(Side *side, size_t size) noexcept nogil:
    """How many of some bytes from a side belong to a message that began before them."""
    cdef size_t rest = side.skip if side.skip < size else size
    side.skip -= rest
    return rest


cdef inline size_t behind(Side *side, size_t at, const Header *header, size_t size) noexcept nogil:
    """Where the next message begins; the rest of this one, if it has not all come, is passed over later."""
    if header.size > size - at:
        side.skip = header.size - (size - at)
        return size
    return at + header.size


cdef inline bint takes(Pair *pair, int side) noexcept nogil:
    """Whether a side takes what the other one says: it has had all so far, and can hear."""
    return not pair.sides[side].unsent_size and not pair.sides[side].deaf


cdef bint has_needle(const unsigned char *text, size_t size) noexcept nogil
cdef bint has_needle_with(const unsigned char *text, size_t size, unsigned char q) noexcept nogil
cdef void forget_origin(Origin *origin) noexcept nogil
cdef void forget_guest(Guest *guest) noexcept nogil
cdef bint keep(unsigned char **where, size_t *size, const unsigned char *data, size_t length) noexcept nogil
cdef bint make_room(void **items, size_t *room, size_t used, size_t size) noexcept nogil
cdef bytes taken(const unsigned char *data, size_t size)


cdef class PairLoop:
    cdef int _epoll
    cdef int _wake
    cdef readonly int news
    cdef bint _stopping
    # Whoever waits for `_mutex` holds `_next`: so the loop, when busy, lets Python in.
    cdef pthread_mutex_t _next
    cdef pthread_mutex_t _mutex
    cdef Pair **_pairs
    cdef uint32_t _room
    cdef uint32_t _used
    cdef uint32_t _age
    cdef uint32_t *_free
    cdef uint32_t _free_size
    cdef uint32_t *_returned
    cdef uint32_t _returned_size
    cdef unsigned char *_buffer
    cdef unsigned char *_sealed
    cdef uint64_t _received[2]
    cdef bint _streaming
    cdef Transfer _ssl_read
    cdef Transfer _ssl_write
    cdef Judge _ssl_get_error
    cdef Transfer _bio_read
    cdef Transfer _bio_write
    cdef Forget _err_clear_error

    cdef object _return(self, Pair *pair)
    cdef void _enter(self) noexcept nogil
    cdef void _leave(self) noexcept nogil
    cdef uint64_t _name(self, Pair *pair) noexcept nogil
    cdef Pair *_pair(self, uint64_t name) noexcept nogil
    cdef Pair *_new_pair(self) noexcept nogil
    cdef int _place(self, Pair *pair, int side, place) except -1
    cdef int _encrypt(self, Pair *pair, tls) except -1
    cdef bint _grow(self) noexcept nogil
    cdef void _forget(self, Pair *pair) noexcept nogil
    cdef void _release(self, Pair *pair) noexcept nogil
    cdef object _take(self, Pair *pair)
    cdef object _progress(self, Side *source, Side *target)
    cdef int _watch(self, Pair *pair) noexcept nogil
    cdef int _watch_side(self, Pair *pair, int side, uint32_t what, int how) noexcept nogil
    cdef void _unwatch_side(self, Pair *pair, int side) noexcept nogil
    cdef uint64_t _event_name(self, Pair *pair, int side) noexcept nogil
    cdef void _unwatch(self, Pair *pair) noexcept nogil
    cdef void _want(self, Pair *pair, int side) noexcept nogil
    cdef void _give_back(self, Pair *pair) noexcept nogil
    cdef void _unlist(self, Pair *pair) noexcept nogil
    cdef void _serve(self) noexcept nogil
    cdef int _patience(self) noexcept nogil
    cdef void _tidy(self) noexcept nogil
    cdef bint _has_news(self) noexcept nogil
    cdef void _attend(self, epoll_event *event, Pair *pair, int side) noexcept nogil
    cdef bint _see_off(self, Pair *pair) noexcept nogil
    cdef void _end(self, Pair *pair) noexcept nogil
    cdef void _note_key(self, Pair *pair, const unsigned char *body, size_t size) noexcept nogil
    cdef int _next_events(self, epoll_event *events) noexcept nogil
    cdef void _see_to(self, epoll_event *event) noexcept nogil
    cdef void _receive(self, Pair *pair, int side) noexcept nogil
    cdef ssize_t _receive_behind(self, Side *source, size_t room) noexcept nogil
    cdef void _lose(self, Pair *pair, int side) noexcept nogil
    cdef void _receive_encrypted(self, Pair *pair) noexcept nogil
    cdef void _decrypt(self, Pair *pair) noexcept nogil
    cdef void _send_encrypted(self, Pair *pair, const unsigned char *data, size_t size) noexcept nogil
    cdef void _break_off(self, Pair *pair) noexcept nogil
    cdef void _send(self, Pair *pair, int side, const unsigned char *data, size_t size) noexcept nogil
    cdef void _stop_telling(self, Pair *pair) noexcept nogil
    cdef bint _keep_unsent(self, Side *target, const unsigned char *data, size_t size) noexcept nogil
    cdef void _from_client(self, Pair *pair, size_t size) noexcept nogil
    cdef void _from_server(self, Pair *pair, size_t size) noexcept nogil
    cdef bint _note_whole(self, Pair *pair, const Header *header, const unsigned char *body) noexcept nogil
    cdef bint _note_question(self, Pair *pair, unsigned char kind) noexcept nogil
    cdef bint _note(self, Pair *pair, unsigned char kind) noexcept nogil
    cdef void _end_batch(self, Pair *pair) noexcept nogil
    cdef bint _note_parameter(self, Pair *pair, const unsigned char *body, size_t size) noexcept nogil
