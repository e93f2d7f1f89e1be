# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Clients that come in, and go, without Python: in the thread of `_relay.pyx`.

The relay's thread accepts, reads the StartupMessage, and takes a connection to the server: one that was kept
from a client that has said the same, or a new one. Whatever is not the plainest case goes to Python as it is: a client
that wants TLS or to cancel, a server that wants a password, an error, anything that takes long.
Python hears of who has come and gone some milliseconds later, of many at once.
"""

from libc.errno cimport EAGAIN, EINPROGRESS, EINVAL, EMFILE, ENFILE, ENOBUFS, ENOMEM, errno
from libc.stdint cimport uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy, memmove
from posix.unistd cimport close, write

from proxy.native._relay cimport (
    ADDRESS,
    CHUNK,
    CLIENT,
    EPOLLERR,
    EPOLLHUP,
    EPOLLIN,
    EPOLLOUT,
    EPOLL_CTL_ADD,
    EPOLL_CTL_DEL,
    EPOLL_CTL_MOD,
    Guest,
    HEADER,
    Header,
    MSG_DONTWAIT,
    MSG_NOSIGNAL,
    Origin,
    Pair,
    PairLoop,
    RELAYED,
    SERVER,
    Side,
    TURNS,
    big_endian,
    epoll_ctl,
    epoll_event,
    forget_origin,
    has_ended,
    keep,
    make_room,
    now,
    read_header,
    recv,
    send,
    socklen_t,
    taken,
)

from proxy.native.records import Departure, Leased, Visit

cdef extern from "sys/socket.h" nogil:
    ctypedef unsigned short sa_family_t
    struct sockaddr:
        sa_family_t sa_family
    int accept4(int, sockaddr *, socklen_t *, int)
    int socket(int, int, int)
    int connect(int, const sockaddr *, socklen_t)
    int setsockopt(int, int, int, const void *, socklen_t)
    int AF_UNIX
    int SOCK_STREAM
    int SOCK_NONBLOCK
    int SOCK_CLOEXEC
    int MSG_PEEK

cdef extern from "netinet/in.h" nogil:
    int IPPROTO_TCP

cdef extern from "netinet/tcp.h" nogil:
    int TCP_NODELAY

cdef extern from "sys/random.h" nogil:
    ssize_t getrandom(void *, size_t, unsigned int)

cdef extern from "sys/epoll.h" nogil:
    uint32_t EPOLLRDHUP

cdef extern from "string.h" nogil:
    void *memmem(const void *, size_t, const void *, size_t)


cdef enum:
    # What a pair is at, besides RELAYED: a client has not said what it wants; the server is to be told, has been told.
    GREETING = 1
    ASKING = 2
    ASKED = 3
    # A server's connection that waits for a client.
    KEPT = 4

    # What may come in by a listener: a StartupMessage without TLS; and SSLRequest is declined.
    TAKES_PLAIN = 1
    DECLINES_TLS = 2

    # How a client's connection has ended, in the order of `proxy.front`.
    NOTHING_SAID = 0
    LOST = 1
    CLOSED = 2

    DOORS = 64
    # PostgreSQL's own bounds of a start-up packet, as in proxy.wire.startup.
    LENGTH = 4
    SMALLEST_STARTUP = 8
    LARGEST_STARTUP = 10_000
    SSL_REQUEST = (1234 << 16) | 5679
    GSSENC_REQUEST = (1234 << 16) | 5680
    ASKED_FOR_SSL = 1
    ASKED_FOR_GSSENC = 2
    AUTHENTICATION_OK = 9
    # Of a BackendKeyData's body.
    PROCESS_ID = 4
    # Connections that are opened before anybody wants them.
    SPARES = 4
    # Milliseconds between two looks at what may have waited for too long.
    TICK = 250


# Seconds for which the server's address holds.
cdef double KNOWN = 5.0
# Seconds between two clients within which a third one is likely.
cdef double BURST = 0.1
# Seconds for which a connection waits for that one. Its process knows no later rules of pg_hba.conf.
cdef double SPARE = 0.25
# Seconds to wait if there are no descriptors for clients.
cdef double EXHAUSTED = 1.0

cdef bytes _DISCARD_ALL = b"Q\0\0\0\x10DISCARD ALL\0"
cdef const unsigned char *DISCARD_ALL = _DISCARD_ALL
cdef size_t DISCARD_ALL_SIZE = len(_DISCARD_ALL)


cdef struct Door:
    int fd
    unsigned char policy


cdef struct Spare:
    int fd
    double until


cdef inline bint is_ok(const unsigned char *data, size_t size) noexcept nogil:
    """Whether what a server says begins with AuthenticationOk, of which all has come."""
    cdef Header header
    if size < AUTHENTICATION_OK or not read_header(data, size, &header):
        return False
    return header.kind == c'R' and header.size == AUTHENTICATION_OK and not big_endian(data + HEADER)


cdef class Entrance(PairLoop):
    """A relay that also lets clients in.

    Attributes:
        visitors: clients that were let in, and of which Python has no session.
        greeted: those of which it is not known yet what they want, or whether they may have it.
    """

    cdef Door _doors[DOORS]
    cdef uint32_t _listening
    cdef double _exhausted_until
    cdef bint _connects
    cdef unsigned char _address[128]
    cdef socklen_t _address_size
    cdef double _address_until
    cdef Spare _spares[SPARES]
    cdef uint32_t _spares_size
    cdef double _last_login
    cdef double _keeping
    cdef double _prompt
    cdef Pair **_kept
    cdef uint32_t _kept_size
    cdef size_t _kept_room
    cdef readonly uint32_t visitors
    cdef readonly uint32_t greeted
    cdef double _looked
    cdef bint _told
    cdef Pair *_ended
    cdef double *_logins
    cdef uint32_t _logins_size
    cdef size_t _logins_room

    def __init__(self, openssl=(), bint connects=False, double keeping=0, double patience=1):
        """Args:
            openssl: as for a relay.
            connects: whether it may connect to the server, each client's connection being its own.
            keeping: else: seconds for which a connection waits for its next client.
            patience: seconds after which a login is Python's to wait for.
        """
        PairLoop.__init__(self, openssl)
        self._connects = connects
        self._keeping = keeping
        self._prompt = patience

    def __dealloc__(self):
        cdef uint32_t at
        self._close_all()
        for at in range(self._used):
            if self._pairs[at] != NULL and self._pairs[at].guest != NULL and not self._pairs[at].returned:
                self._finish(self._pairs[at], LOST)
        free(self._kept)
        free(self._logins)

    # -- for Python

    def listen(self, int fd, bint takes_plain, bint declines_tls):
        """Accept clients; the socket stays the caller's, who lets it listen until `unlisten`.

        Raises:
            OSError: it cannot be watched.
        """
        cdef int failure = ENOMEM
        self._enter()
        if self._listening < DOORS:
            self._doors[self._listening].fd = fd
            self._doors[self._listening].policy = TAKES_PLAIN * takes_plain | DECLINES_TLS * declines_tls
            failure = errno if self._watch_door(self._listening) < 0 else 0
            self._listening += not failure
        self._leave()
        if failure:
            raise OSError(failure, "the socket cannot be watched")

    def unlisten(self):
        """Accept no more clients."""
        self._enter()
        self._unwatch_doors()
        self._listening = 0
        self._leave()

    def reach(self, bytes address):
        """The server has just been reached there, without TLS.

        Args:
            address: as the system's `struct sockaddr` has it.
        """
        cdef const unsigned char *where = address
        if len(address) > sizeof(self._address):
            return
        self._enter()
        memcpy(self._address, where, len(address))
        self._address_size = len(address)
        self._address_until = now() + KNOWN
        self._leave()

    def keep(self, int fd, bytes packet, bytes key, bytes answers, size_t secret_at, double until):
        """Keep a server's connection, on which nothing is under way, for a client that says the same.

        Args:
            packet: the StartupMessage.
            key: the body of the server's own BackendKeyData.
            answers: what a client is told, from AuthenticationOk to ReadyForQuery.
            secret_at: where in them the secret begins of the BackendKeyData that it is told.
            until: when it is too old for another client, on the clock of time.monotonic().

        Raises:
            OSError: it cannot be watched, and stays the caller's.
        """
        cdef const unsigned char *text = packet
        cdef const unsigned char *said = answers
        cdef const unsigned char *own = key
        cdef Pair *pair
        cdef Origin *origin
        cdef int failure = ENOMEM
        if len(answers) > CHUNK or len(key) < PROCESS_ID:
            raise OSError(EINVAL, "the server's answers are not of the usual kind")
        self._enter()
        try:
            pair = self._new_pair()
            if pair != NULL:
                pair.stage = KEPT
                origin = pair.origin = <Origin *>calloc(1, sizeof(Origin))
                if (
                    origin != NULL
                    and keep(&origin.packet, &origin.packet_size, text, len(packet))
                    and keep(&origin.key, &origin.key_size, own, len(key))
                    and keep(&origin.answers, &origin.answers_size, said, len(answers))
                ):
                    origin.secret_at, origin.until = secret_at, until
                    pair.sides[SERVER].fd = fd
                    failure = self._watch_side(pair, SERVER, EPOLLIN, EPOLL_CTL_ADD)
                    if not failure and not self._add_kept(pair):
                        self._unwatch_side(pair, SERVER)
                        failure = ENOMEM
                if failure:
                    self._release(pair)
            if failure:
                raise OSError(failure, "the connection cannot be kept")
        finally:
            self._leave()
        self._wake_up()

    def take(self, bytes packet):
        """Take back a connection that waits for a client that says this; None if none does.

        Returns:
            The socket, and what it was `Leased` by.
        """
        cdef const unsigned char *text = packet
        cdef Pair *pair
        self._enter()
        try:
            pair = self._find_kept(text, len(packet))
            if pair == NULL:
                return None
            self._unwatch_side(pair, SERVER)
            found = pair.sides[SERVER].fd, self._leased(pair.origin)
            self._release(pair)
            return found
        finally:
            self._leave()

    @property
    def kept(self):
        """How many connections wait for a client."""
        return self._kept_size

    def own_key(self, bytes key):
        """The server's own key for the connection of whom was told this one; None if it was nobody here.

        It will not be used for another client, whom what is to be cancelled could hit.
        """
        cdef uint32_t at
        cdef const unsigned char *told = key
        cdef size_t size = len(key)
        cdef Pair *pair
        self._enter()
        try:
            for at in range(self._used):
                pair = self._pairs[at]
                if pair == NULL or pair.guest == NULL or pair.origin == NULL:
                    continue
                if pair.guest.key_size == size and memcmp(pair.guest.key, told, size) == 0:
                    pair.origin.unfit = True
                    return taken(pair.origin.key, pair.origin.key_size)
        finally:
            self._leave()

    def recall_guests(self):
        """Take all clients back that were accepted here; `returned` gives them."""
        cdef uint32_t at
        cdef Pair *pair
        self._enter()
        for at in range(self._used):
            pair = self._pairs[at]
            if pair != NULL and pair.guest != NULL and not pair.returned:
                self._hand_over(pair)
        self._leave()

    def happened(self):
        """What clients did that were accepted here, since the last call.

        Returns:
            Seconds that each login took, and a `Departure` of each connection that has ended, in order.
        """
        cdef Pair *pair
        cdef Guest *guest
        ends = []
        self._enter()
        try:
            logins = [self._logins[at] for at in range(self._logins_size)]
            self._logins_size = 0
            self._told = False
            while self._ended != NULL:
                pair = self._ended
                self._ended = pair.next
                guest = pair.guest
                ends.append(Departure(
                    peer=taken(guest.peer, guest.peer_size),
                    began=guest.began,
                    logged_in=guest.logged_in,
                    ended=guest.ended,
                    packet=taken(guest.packet, guest.packet_size),
                    from_client=pair.sides[CLIENT].received,
                    from_server=pair.sides[SERVER].received,
                    outcome=guest.outcome,
                ))
                self._release(pair)
            # In the order in which they have ended.
            ends.reverse()
            return logins, ends
        finally:
            self._leave()

    def close(self):
        """Close the connections that wait for clients."""
        self._enter()
        self._close_all()
        self._leave()

    cdef object _return(self, Pair *pair):
        """What Python gets: a name; how far both directions have come, if they have begun; and who it is."""
        cdef Guest *guest = pair.guest
        cdef Origin *origin = pair.origin
        name = self._name(pair)
        if guest == NULL:
            return name, self._take(pair), None
        begun = pair.stage == RELAYED
        said = taken(guest.packet, guest.packet_size)
        found = Visit(
            client=pair.sides[CLIENT].fd,
            server=pair.sides[SERVER].fd,
            peer=taken(guest.peer, guest.peer_size),
            began=guest.began,
            logged_in=guest.logged_in,
            said=said or taken(pair.sides[CLIENT].held, pair.sides[CLIENT].held_size),
            asked=guest.asked,
            answer=b"" if begun else taken(pair.sides[SERVER].held, pair.sides[SERVER].held_size),
            key=taken(guest.key, guest.key_size),
            lease=None if origin == NULL else self._leased(origin),
        )
        self._depart(pair)
        if begun:
            return name, self._take(pair), found
        self._release(pair)
        return name, None, found

    cdef object _leased(self, Origin *origin):
        return Leased(
            key=taken(origin.key, origin.key_size),
            answers=taken(origin.answers, origin.answers_size),
            until=0.0 if origin.unfit else origin.until,
        )

    cdef void _wake_up(self) noexcept nogil:
        """Let the thread see what it may have to wait for now."""
        cdef uint64_t one = 1
        write(self._wake, &one, sizeof(one))

    cdef void _close_all(self) noexcept nogil:
        cdef uint32_t at
        cdef Pair *pair
        for at in range(self._spares_size):
            close(self._spares[at].fd)
        self._spares_size = 0
        self._connects = False
        self._keeping = 0
        for at in range(self._used):
            pair = self._pairs[at]
            if pair != NULL and pair.stage == KEPT:
                self._drop(pair)

    # -- what is due

    cdef int _patience(self) noexcept nogil:
        return TICK if self.greeted or self._spares_size or self._kept_size or self._exhausted_until else -1

    cdef void _tidy(self) noexcept nogil:
        cdef double time
        cdef uint32_t at
        cdef Pair *pair
        if self._patience() < 0:
            return
        time = now()
        if time - self._looked < TICK / 1000.0:
            return
        self._looked = time
        while self._spares_size and self._spares[0].until < time:
            close(self._spares[0].fd)
            self._remove_spare(0)
        # The one that came first waits longest.
        while self._kept_size and self._kept[0].origin.kept + self._keeping < time:
            self._drop(self._kept[0])
        if self._exhausted_until and self._exhausted_until < time:
            self._exhausted_until = 0
            for at in range(self._listening):
                self._watch_door(at)
        if self.greeted:
            for at in range(self._used):
                pair = self._pairs[at]
                if pair != NULL and pair.guest != NULL and pair.stage != RELAYED and not pair.returned:
                    if pair.guest.began + self._prompt < time:
                        self._hand_over(pair)

    cdef bint _has_news(self) noexcept nogil:
        if self._told or (self._ended == NULL and not self._logins_size):
            return False
        self._told = True
        return True

    cdef void _attend(self, epoll_event *event, Pair *pair, int side) noexcept nogil:
        if pair == NULL:
            self._accept(<uint32_t>event.data.u64)
        elif pair.stage == GREETING:
            self._greet(pair)
        elif pair.stage == KEPT:
            self._hear(pair)
        elif side == CLIENT:
            self._hear_early(pair, event.events)
        elif pair.stage == ASKING:
            self._ask(pair, EPOLL_CTL_MOD)
        else:
            self._hear_answer(pair)

    # -- a client comes

    cdef int _watch_door(self, uint32_t number) noexcept nogil:
        cdef epoll_event event
        event.events = EPOLLIN
        event.data.u64 = number
        return epoll_ctl(self._epoll, EPOLL_CTL_ADD, self._doors[number].fd, &event)

    cdef void _unwatch_doors(self) noexcept nogil:
        cdef epoll_event event
        cdef uint32_t at
        for at in range(self._listening):
            epoll_ctl(self._epoll, EPOLL_CTL_DEL, self._doors[at].fd, &event)

    cdef void _accept(self, uint32_t number) noexcept nogil:
        cdef unsigned char address[128]
        cdef socklen_t size
        cdef int fd, _turn
        for _turn in range(TURNS):
            if number >= self._listening:
                return
            size = sizeof(address)
            fd = accept4(self._doors[number].fd, <sockaddr *>address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC)
            if fd >= 0:
                self._admit(fd, address, size, self._doors[number].policy)
                continue
            if errno in (EMFILE, ENFILE, ENOBUFS, ENOMEM):
                # It would be said again and again.
                self._unwatch_doors()
                self._exhausted_until = now() + EXHAUSTED
            return

    cdef void _admit(self, int fd, unsigned char *address, socklen_t size, unsigned char policy) noexcept nogil:
        cdef Pair *pair = self._new_pair()
        cdef Guest *guest
        cdef int on = 1
        if pair != NULL:
            guest = pair.guest = <Guest *>calloc(1, sizeof(Guest))
        if pair == NULL or guest == NULL:
            if pair != NULL:
                self._release(pair)
            close(fd)
            return
        pair.stage = GREETING
        pair.sides[CLIENT].fd = fd
        pair.status = c'I'
        guest.peer_size = min(size, <socklen_t>ADDRESS)
        memcpy(guest.peer, address, guest.peer_size)
        guest.policy = policy
        guest.began = now()
        self.greeted += 1
        if (<sockaddr *>address).sa_family != AF_UNIX:
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on))
        if self._watch_side(pair, CLIENT, EPOLLIN | EPOLLRDHUP, EPOLL_CTL_ADD):
            self._finish(pair, LOST)
        else:
            self._greet(pair)

    cdef void _greet(self, Pair *pair) noexcept nogil:
        """Read what a connection begins with."""
        cdef Side *client = &pair.sides[CLIENT]
        cdef size_t size = client.held_size
        cdef ssize_t got = self._receive_behind(client, LARGEST_STARTUP)
        if got <= 0:
            if has_ended(got):
                self._finish(pair, LOST if size else NOTHING_SAID)
            return
        if not keep(&client.held, &client.held_size, self._buffer, size + got):
            self._finish(pair, LOST)
            return
        self._read_startup(pair, size + got)

    cdef void _read_startup(self, Pair *pair, size_t size) noexcept nogil:
        cdef Guest *guest = pair.guest
        cdef unsigned char *data = self._buffer
        cdef size_t length
        cdef uint32_t code
        if size < LENGTH:
            # What cannot be any more is Python's to refuse.
            if data[0]:
                self._hand_over(pair)
            return
        length = big_endian(data)
        if length > LARGEST_STARTUP or length < size or length < SMALLEST_STARTUP:
            self._hand_over(pair)
            return
        if size < length:
            return
        code = big_endian(data + LENGTH)
        if length == SMALLEST_STARTUP and code == GSSENC_REQUEST and not guest.asked & ASKED_FOR_GSSENC:
            self._decline(pair, ASKED_FOR_GSSENC)
        elif (
            length == SMALLEST_STARTUP and code == SSL_REQUEST
            and guest.policy & DECLINES_TLS and not guest.asked & ASKED_FOR_SSL
        ):
            self._decline(pair, ASKED_FOR_SSL)
        elif code >> 16 == 3 and guest.policy & TAKES_PLAIN and not data[length - 1]:
            self._log_in(pair, length)
        else:
            self._hand_over(pair)

    cdef void _decline(self, Pair *pair, unsigned char what) noexcept nogil:
        """Encryption is not to be had."""
        pair.guest.asked = what  # PostgreSQL remembers its last answer alone
        keep(&pair.sides[CLIENT].held, &pair.sides[CLIENT].held_size, NULL, 0)
        if send(pair.sides[CLIENT].fd, "N", 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1:
            self._finish(pair, LOST)

    cdef void _hear_early(self, Pair *pair, uint32_t events) noexcept nogil:
        """Something comes from a client that has been asked nothing: its end, or what has to wait."""
        if events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR):
            self._finish(pair, LOST)
        else:
            self._watch_side(pair, CLIENT, EPOLLRDHUP, EPOLL_CTL_MOD)

    # -- it is let in

    cdef void _log_in(self, Pair *pair, size_t size) noexcept nogil:
        """Go on with a StartupMessage, which is held, and in the buffer."""
        cdef Pair *kept
        cdef int fd
        if self._keeping:
            kept = self._find_kept(self._buffer, size)
            if kept == NULL or not self._resume(pair, kept):
                self._hand_over(pair)
            return
        if not self._connects or self._address_until < now():
            self._hand_over(pair)
            return
        fd = self._take_spare()
        if fd < 0:
            fd = self._connect()
        if fd < 0:
            self._hand_over(pair)
            return
        self._take_packet(pair)
        pair.sides[SERVER].fd = fd
        pair.stage = ASKING
        self._ask(pair, EPOLL_CTL_ADD)
        self._open_spare()

    cdef void _take_packet(self, Pair *pair) noexcept nogil:
        """What is held of a client's is its StartupMessage."""
        cdef Side *client = &pair.sides[CLIENT]
        pair.guest.packet, pair.guest.packet_size = client.held, client.held_size
        client.held, client.held_size = NULL, 0

    cdef void _ask(self, Pair *pair, int how) noexcept nogil:
        """Send the StartupMessage, if the connection has been made; `how` the server's side comes to be watched."""
        cdef Guest *guest = pair.guest
        cdef ssize_t sent = send(pair.sides[SERVER].fd, guest.packet, guest.packet_size, MSG_NOSIGNAL | MSG_DONTWAIT)
        cdef bint made = sent == <ssize_t>guest.packet_size
        if not made and not (sent < 0 and errno == EAGAIN):
            self._try_again(pair)
        elif self._watch_side(pair, SERVER, EPOLLIN if made else EPOLLOUT, how):
            self._try_again(pair)
        elif made:
            pair.stage = ASKED

    cdef void _try_again(self, Pair *pair) noexcept nogil:
        """The server has said nothing: Python connects again, and tells the client what is wrong."""
        pair.stage = ASKING
        self._hand_over(pair)

    cdef void _hear_answer(self, Pair *pair) noexcept nogil:
        """What the server says to a StartupMessage."""
        cdef Side *server = &pair.sides[SERVER]
        cdef unsigned char *data = self._buffer
        cdef size_t size = server.held_size
        cdef ssize_t got = self._receive_behind(server, CHUNK - size)
        if got <= 0:
            if has_ended(got):
                if size:
                    self._hand_over(pair)
                else:
                    # The connection may have waited for too long.
                    self._try_again(pair)
            return
        size += got
        if is_ok(data, size):
            self._begin(pair)
            # The first ReadyForQuery answers the StartupMessage.
            if not self._note_question(pair, c'S'):
                self._give_back(pair)
                return
            keep(&server.held, &server.held_size, NULL, 0)
            self._tell(pair, size)
        elif not keep(&server.held, &server.held_size, data, size) or size >= AUTHENTICATION_OK or data[0] != c'R':
            self._hand_over(pair)

    cdef void _begin(self, Pair *pair) noexcept nogil:
        """What comes is relayed from now on."""
        pair.stage = RELAYED
        self.greeted -= 1
        self.visitors += 1
        if not pair.sides[CLIENT].events & EPOLLIN:
            self._watch_side(pair, CLIENT, EPOLLIN, EPOLL_CTL_MOD)

    cdef void _tell(self, Pair *pair, size_t size) noexcept nogil:
        """Tell the client what the server has said, which is in the buffer, as if it had just come."""
        self._received[SERVER] += size
        pair.sides[SERVER].received += size
        self._send(pair, CLIENT, self._buffer, size)
        self._from_server(pair, size)

    cdef void _note_key(self, Pair *pair, const unsigned char *body, size_t size) noexcept nogil:
        cdef Guest *guest = pair.guest
        if guest == NULL or guest.logged_in or not keep(&guest.key, &guest.key_size, body, size):
            return
        if not make_room(<void **>&self._logins, &self._logins_room, self._logins_size, sizeof(double)):
            return
        guest.logged_in = now()
        self._logins[self._logins_size] = guest.logged_in - guest.began
        self._logins_size += 1

    # -- it goes

    cdef bint _see_off(self, Pair *pair) noexcept nogil:
        cdef Side *client = &pair.sides[CLIENT]
        cdef Side *server = &pair.sides[SERVER]
        cdef bint at_rest = not pair.log_size and not server.held_size and not server.skip
        if pair.guest == NULL or not at_rest:
            return False
        if client.unsent_size or server.unsent_size:
            return False
        if pair.origin != NULL:
            return self._park(pair)
        self._send(pair, SERVER, self._buffer, HEADER)
        if client.held_size:
            keep(&client.held, &client.held_size, NULL, 0)
        if not pair.returned and not server.unsent_size:
            # The server ends it. Nothing is on the way to the client.
            pair.terminated = True
            self._unwatch_side(pair, CLIENT)
        return True

    cdef void _end(self, Pair *pair) noexcept nogil:
        self._finish(pair, CLOSED)

    cdef void _depart(self, Pair *pair) noexcept nogil:
        """Count a client no more."""
        if pair.stage == RELAYED:
            self.visitors -= 1
        else:
            self.greeted -= 1

    cdef void _finish(self, Pair *pair, unsigned char outcome) noexcept nogil:
        """A client has gone."""
        cdef int side
        self._depart(pair)
        for side in range(2):
            if pair.sides[side].fd >= 0:
                close(pair.sides[side].fd)
                pair.sides[side].fd = -1
        pair.guest.outcome = outcome
        pair.guest.ended = now()
        # For Python to write down; events of it that are still to be seen to are passed over.
        pair.returned = True
        pair.next = self._ended
        self._ended = pair

    cdef void _hand_over(self, Pair *pair) noexcept nogil:
        """Let Python go on with a login; it connects if the server has not heard of the client."""
        if pair.stage == ASKING:
            close(pair.sides[SERVER].fd)
            pair.sides[SERVER].fd = -1
        self._give_back(pair)

    # -- connections ahead of clients

    cdef int _connect(self) noexcept nogil:
        """A connection to the server that is being made; -1 if it cannot be."""
        cdef sockaddr *address = <sockaddr *>self._address
        cdef int on = 1
        cdef int fd = socket(address.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
        if fd < 0:
            return -1
        if address.sa_family != AF_UNIX:
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on))
        if connect(fd, address, self._address_size) < 0 and errno != EINPROGRESS:
            close(fd)
            return -1
        return fd

    cdef void _open_spare(self) noexcept nogil:
        """Open a connection for the next client, if one is likely to come: the server takes time to fork."""
        cdef double time = now()
        cdef bint likely = time - self._last_login < BURST
        cdef int fd
        self._last_login = time
        if likely and self._connects and self._spares_size < SPARES:
            fd = self._connect()
            if fd >= 0:
                self._spares[self._spares_size].fd = fd
                self._spares[self._spares_size].until = time + SPARE
                self._spares_size += 1

    cdef int _take_spare(self) noexcept nogil:
        """A connection on which nothing has been said; -1 if there is none."""
        cdef int fd
        cdef unsigned char byte
        while self._spares_size:
            fd = self._spares[0].fd
            self._remove_spare(0)
            # A server that has gone, or that speaks first, has nothing good to say.
            if recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 and errno == EAGAIN:
                return fd
            close(fd)
        return -1

    cdef void _remove_spare(self, uint32_t at) noexcept nogil:
        self._spares_size -= 1
        memmove(&self._spares[at], &self._spares[at + 1], (self._spares_size - at) * sizeof(Spare))

    # -- connections that are kept

    cdef bint _add_kept(self, Pair *pair) noexcept nogil:
        """Let the next client have a connection; False if there is no memory."""
        if not make_room(<void **>&self._kept, &self._kept_room, self._kept_size, sizeof(Pair *)):
            return False
        pair.origin.resetting = False
        pair.origin.kept = now()
        self._kept[self._kept_size] = pair
        self._kept_size += 1
        return True

    cdef Pair *_find_kept(self, const unsigned char *packet, size_t size) noexcept nogil:
        """The connection that was used last by a client that has said this; NULL if none waits. It waits no more."""
        cdef uint32_t at = self._kept_size
        cdef Pair *pair
        while at:
            at -= 1
            pair = self._kept[at]
            if pair.origin.packet_size == size and memcmp(pair.origin.packet, packet, size) == 0:
                self._remove_kept(pair)
                return pair
        return NULL

    cdef void _remove_kept(self, Pair *pair) noexcept nogil:
        cdef uint32_t at
        for at in range(self._kept_size):
            if self._kept[at] == pair:
                self._kept_size -= 1
                memmove(&self._kept[at], &self._kept[at + 1], (self._kept_size - at) * sizeof(Pair *))
                return

    cdef bint _resume(self, Pair *pair, Pair *kept) noexcept nogil:
        """Let a client, whose StartupMessage is held, have a kept connection; False if it cannot."""
        cdef Origin *origin = kept.origin
        cdef int fd = kept.sides[SERVER].fd
        kept.sides[SERVER].fd = -1
        kept.origin = NULL
        pair.origin = origin
        pair.sides[SERVER].fd = fd
        self._release(kept)
        if (
            getrandom(origin.answers + origin.secret_at, origin.key_size - PROCESS_ID, 0) < 0
            or self._watch_side(pair, SERVER, EPOLLIN, EPOLL_CTL_MOD)
        ):
            close(fd)
            pair.sides[SERVER].fd = -1
            forget_origin(origin)
            pair.origin = NULL
            return False
        self._take_packet(pair)
        self._begin(pair)
        memcpy(self._buffer, origin.answers, origin.answers_size)
        if not self._note_question(pair, c'S'):
            self._give_back(pair)
            return True
        self._tell(pair, origin.answers_size)
        return True

    cdef bint _park(self, Pair *pair) noexcept nogil:
        """Have the server forget a client that has said Terminate; False if its connection must not be kept."""
        cdef Origin *origin = pair.origin
        cdef Pair *kept
        cdef int fd = pair.sides[SERVER].fd
        if origin.unfit or origin.until < now() or pair.status != c'I' or not self._keeping:
            return False
        kept = self._new_pair()
        if kept == NULL:
            return False
        kept.stage = KEPT
        kept.origin = origin
        kept.sides[SERVER].fd = fd
        origin.resetting = True
        pair.origin = NULL
        pair.sides[SERVER].fd = -1
        if (
            self._watch_side(kept, SERVER, EPOLLIN, EPOLL_CTL_MOD)
            or send(fd, DISCARD_ALL, DISCARD_ALL_SIZE, MSG_NOSIGNAL | MSG_DONTWAIT) != <ssize_t>DISCARD_ALL_SIZE
        ):
            self._drop(kept)
        self._finish(pair, CLOSED)
        return True

    cdef void _hear(self, Pair *pair) noexcept nogil:
        """What the server says while it has no client."""
        cdef Side *server = &pair.sides[SERVER]
        cdef size_t size = server.held_size, at = 0
        cdef Header header
        cdef ssize_t got = self._receive_behind(server, CHUNK - size)
        cdef unsigned char *data = self._buffer
        if got <= 0:
            if has_ended(got):
                self._drop(pair)
            return
        size += got
        while read_header(data + at, size - at, &header):
            if not header.possible or header.size > CHUNK:
                self._drop(pair)
                return
            if header.size > size - at:
                break
            if not self._is_well(pair, data + at, header.size):
                self._drop(pair)
                return
            at += header.size
        if not keep(&server.held, &server.held_size, data + at, size - at):
            self._drop(pair)

    cdef bint _is_well(self, Pair *pair, const unsigned char *frame, size_t size) noexcept nogil:
        """Whether a connection without a client can have another one after a message."""
        cdef Origin *origin = pair.origin
        cdef unsigned char kind = frame[0]
        if kind == c'Z':
            # Everything has been forgotten.
            return origin.resetting and frame[size - 1] == c'I' and self._add_kept(pair)
        if kind == c'S':
            # A setting is what the next client will be told, or the next one is not to get it.
            return memmem(origin.answers, origin.answers_size, frame, size) != NULL
        return kind != c'E'

    cdef void _drop(self, Pair *pair) noexcept nogil:
        """Close a connection that nobody has."""
        if not pair.origin.resetting:
            self._remove_kept(pair)
        close(pair.sides[SERVER].fd)
        self._release(pair)
