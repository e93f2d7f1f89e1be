# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The way of bytes that nobody has to look at: received, framed and sent on by a thread that needs no GIL.

The thread owns the two sockets of each pair that it was given. It gives a pair back, in the
middle of whatever passes, when a message comes that Python has to see: a Query or Parse that may
contain a call, a Terminate, the end of either connection, or anything out of the ordinary. What
it gives back says exactly how far both directions have come.

A client's socket may carry TLS, of which OpenSSL has the state: what is received goes into its memory,
and what it has put there is sent.

A log of the messages' types tells whoever takes over which answers are still to come. It is
emptied whenever everything that was asked has been answered.
"""

from proxy.native.records import Progress, State


cdef bint has_needle(const unsigned char *text, size_t size) noexcept nogil:
    """Whether `iasql_` is in a text, in any case."""
    return has_needle_with(text, size, c'q') or has_needle_with(text, size, c'Q')


cdef bint has_needle_with(const unsigned char *text, size_t size, unsigned char q) noexcept nogil:
    """Whether it is there with this letter, the rarest of it; memchr passes over the others at once."""
    cdef const unsigned char *at = text
    cdef const unsigned char *end = text + size
    while at < end:
        at = <const unsigned char *>memchr(at, q, end - at)
        if at == NULL:
            return False
        if at - text >= 3 and end - at >= 3 and strncasecmp(<const char *>at - 3, "iasql_", 6) == 0:
            return True
        at += 1
    return False


cdef void forget_origin(Origin *origin) noexcept nogil:
    if origin != NULL:
        free(origin.key)
        free(origin.packet)
        free(origin.answers)
        free(origin)


cdef void forget_guest(Guest *guest) noexcept nogil:
    if guest != NULL:
        free(guest.packet)
        free(guest.key)
        free(guest)


cdef bint keep(unsigned char **where, size_t *size, const unsigned char *data, size_t length) noexcept nogil:
    """Put a copy of bytes in the place of those that were kept; False if there is no memory."""
    cdef unsigned char *copy = NULL
    if length:
        copy = <unsigned char *>malloc(length)
        if copy == NULL:
            return False
        memcpy(copy, data, length)
    free(where[0])
    where[0] = copy
    size[0] = length
    return True


cdef bint make_room(void **items, size_t *room, size_t used, size_t size) noexcept nogil:
    """Have a list grow if it is full; False if there is no memory.

    Args:
        room: for how many items there is.
        size: bytes of each.
    """
    cdef size_t more = room[0] * 2 if room[0] else SHORTEST_LIST
    cdef void *grown
    if used < room[0]:
        return True
    grown = realloc(items[0], more * size)
    if grown == NULL:
        return False
    items[0] = grown
    room[0] = more
    return True


cdef bytes taken(const unsigned char *data, size_t size):
    return data[:size] if size else b""


def may_have_call(bytes text):
    """Whether Python has to see a Query or Parse with this text: the same as `NEEDLE in text.lower()`."""
    return has_needle(text, len(text))


cdef class PairLoop:
    """Pairs of sockets, and the loop that serves them.

    Attributes:
        news: a descriptor that is readable when `returned` has something.
        received: bytes that came from the clients and from the servers of the pairs that it has now.
    """

    def __cinit__(self, *_):
        self._epoll = self._wake = self.news = -1
        pthread_mutex_init(&self._next, NULL)
        pthread_mutex_init(&self._mutex, NULL)

    def __init__(self, openssl=()):
        """Args:
            openssl: where SSL_read, SSL_write, SSL_get_error, BIO_read, BIO_write and ERR_clear_error are;
                empty if only connections without TLS are to be served.
        """
        cdef epoll_event event
        self._buffer = <unsigned char *>malloc(CHUNK)
        self._sealed = <unsigned char *>malloc(SEALED)
        if self._buffer == NULL or self._sealed == NULL:
            raise MemoryError
        if openssl:
            self._ssl_read = <Transfer><uintptr_t>openssl[0]
            self._ssl_write = <Transfer><uintptr_t>openssl[1]
            self._ssl_get_error = <Judge><uintptr_t>openssl[2]
            self._bio_read = <Transfer><uintptr_t>openssl[3]
            self._bio_write = <Transfer><uintptr_t>openssl[4]
            self._err_clear_error = <Forget><uintptr_t>openssl[5]
        self._epoll = epoll_create1(EPOLL_CLOEXEC)
        self._wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)
        self.news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)
        event.events = EPOLLIN
        event.data.u64 = ~<uint64_t>0
        if (
            self._epoll < 0 or self._wake < 0 or self.news < 0
            or epoll_ctl(self._epoll, EPOLL_CTL_ADD, self._wake, &event) < 0
        ):
            raise OSError(errno, "the relay cannot be made")

    def __dealloc__(self):
        cdef uint32_t index
        for index in range(self._used):
            self._forget(self._pairs[index])
        for fd in (self._epoll, self._wake, self.news):
            if fd >= 0:
                close(fd)
        free(self._pairs)
        free(self._free)
        free(self._returned)
        free(self._buffer)
        free(self._sealed)
        pthread_mutex_destroy(&self._mutex)
        pthread_mutex_destroy(&self._next)

    @property
    def received(self):
        return self._received[CLIENT], self._received[SERVER]

    # -- for Python

    def run(self):
        """Serve until `stop` is called; for a thread of its own."""
        with nogil:
            self._serve()

    def stop(self):
        """Let `run` return."""
        cdef uint64_t one = 1
        self._stopping = True
        write(self._wake, &one, sizeof(one))

    def adopt(
        self,
        int client,
        int server,
        unsigned char status,
        bytes log=b"",
        to_server=(0, b""),
        to_client=(0, b""),
        tls=None,
    ):
        """Serve a pair of sockets from now on; nobody else may read or write them.

        Args:
            status: of the last ReadyForQuery.
            log: types of messages since everything had been answered.
            to_server, to_client: bytes of the current message that are still to pass, and the beginning of
                one that is held.
            tls: where the SSL of the client's connection is, and the BIOs that it reads from and writes to;
                None if it has no TLS.

        Returns:
            What to call the pair.

        Raises:
            OSError: the sockets cannot be watched, or there is no OpenSSL for TLS; they stay the caller's.
        """
        cdef Pair *pair
        cdef uint64_t one = 1
        cdef int failure
        if tls is not None and self._ssl_read == NULL:
            raise OSError(ENOSYS, "the relay does not know where OpenSSL is")
        self._enter()
        try:
            pair = self._new_pair()
            if pair == NULL:
                raise MemoryError
            pair.sides[CLIENT].fd = client
            pair.sides[SERVER].fd = server
            pair.status = status
            self._place(pair, CLIENT, to_server)
            self._place(pair, SERVER, to_client)
            for kind in log:
                if kind & FROM_CLIENT:
                    self._note_question(pair, kind ^ FROM_CLIENT)
                else:
                    self._note(pair, kind)
            if tls is not None:
                self._encrypt(pair, tls)
            failure = self._watch(pair)
            if failure:
                self._release(pair)
                raise OSError(failure, "the relay cannot watch the connections")
            if pair.cipher != NULL:
                self._decrypt(pair)
                if pair.returned:
                    write(self.news, &one, sizeof(one))
            return self._name(pair)
        finally:
            self._leave()

    def recall(self, uint64_t name):
        """Take a pair back, whatever passes; None if it has been given back already."""
        cdef Pair *pair
        self._enter()
        try:
            pair = self._pair(name)
            if pair == NULL:
                return None
            self._unwatch(pair)
            self._unlist(pair)
            return self._take(pair)
        finally:
            self._leave()

    def returned(self):
        """What was given back since the last call.

        Returns:
            What each pair was called; its `State`, None if a client has not been let in; and the `Visit` of a
            client that was accepted here.
        """
        cdef uint64_t count
        cdef uint32_t at
        read(self.news, &count, sizeof(count))
        found = []
        self._enter()
        try:
            for at in range(self._returned_size):
                found.append(self._return(self._pairs[self._returned[at]]))
            self._returned_size = 0
        finally:
            self._leave()
        return found

    cdef object _return(self, Pair *pair):
        name = self._name(pair)
        return name, self._take(pair), None

    # -- the pairs

    cdef void _enter(self) noexcept nogil:
        pthread_mutex_lock(&self._next)
        pthread_mutex_lock(&self._mutex)
        pthread_mutex_unlock(&self._next)

    cdef void _leave(self) noexcept nogil:
        pthread_mutex_unlock(&self._mutex)

    cdef uint64_t _name(self, Pair *pair) noexcept nogil:
        return (<uint64_t>pair.age << 32) | pair.index

    cdef Pair *_pair(self, uint64_t name) noexcept nogil:
        cdef uint32_t index = <uint32_t>name
        if index >= self._used or self._pairs[index] == NULL or self._pairs[index].age != name >> 32:
            return NULL
        return self._pairs[index]

    cdef Pair *_new_pair(self) noexcept nogil:
        """A pair without sockets; NULL if there is no memory."""
        cdef uint32_t index
        cdef Pair *pair
        if not self._free_size and self._used == self._room and not self._grow():
            return NULL
        pair = <Pair *>calloc(1, sizeof(Pair))
        if pair == NULL:
            return NULL
        if self._free_size:
            self._free_size -= 1
            index = self._free[self._free_size]
        else:
            index = self._used
            self._used += 1
        # Half of what 32 bits can count, since an event's name has a bit for the side; 0 is no pair's.
        self._age = self._age % 0x7FFFFFFF + 1
        pair.sides[CLIENT].fd = pair.sides[SERVER].fd = -1
        pair.index = index
        pair.age = self._age
        self._pairs[index] = pair
        return pair

    cdef int _place(self, Pair *pair, int side, place) except -1:
        cdef bytes held = place[1]
        pair.sides[side].skip = place[0]
        if held and not keep(&pair.sides[side].held, &pair.sides[side].held_size, held, len(held)):
            self._release(pair)
            raise MemoryError
        return 0

    cdef int _encrypt(self, Pair *pair, tls) except -1:
        pair.cipher = <Cipher *>malloc(sizeof(Cipher))
        if pair.cipher == NULL:
            self._release(pair)
            raise MemoryError
        pair.cipher.ssl, pair.cipher.incoming, pair.cipher.outgoing = (
            <void *><uintptr_t>tls[0], <void *><uintptr_t>tls[1], <void *><uintptr_t>tls[2]
        )
        return 0

    cdef bint _grow(self) noexcept nogil:
        cdef uint32_t room = self._room * 2 if self._room else 64
        cdef void *grown = realloc(self._pairs, room * sizeof(Pair *))
        if grown != NULL:
            self._pairs = <Pair **>grown
            grown = realloc(self._free, room * sizeof(uint32_t))
        if grown != NULL:
            self._free = <uint32_t *>grown
            grown = realloc(self._returned, room * sizeof(uint32_t))
        if grown == NULL:
            return False
        self._returned = <uint32_t *>grown
        self._room = room
        return True

    cdef void _forget(self, Pair *pair) noexcept nogil:
        cdef int side
        if pair == NULL:
            return
        for side in range(2):
            free(pair.sides[side].held)
            free(pair.sides[side].unsent)
        forget_guest(pair.guest)
        forget_origin(pair.origin)
        free(pair.cipher)
        free(pair.log)
        free(pair.encoding)
        free(pair)

    cdef void _release(self, Pair *pair) noexcept nogil:
        self._pairs[pair.index] = NULL
        self._free[self._free_size] = pair.index
        self._free_size += 1
        self._forget(pair)

    cdef object _take(self, Pair *pair):
        cdef Side *client = &pair.sides[CLIENT]
        cdef Side *server = &pair.sides[SERVER]
        self._received[CLIENT] -= client.received
        self._received[SERVER] -= server.received
        try:
            return State(
                log=taken(pair.log, pair.log_size),
                status=bytes([pair.status]),
                encoding=taken(pair.encoding, pair.encoding_size),
                to_server=self._progress(client, server),
                to_client=self._progress(server, client),
            )
        finally:
            self._release(pair)

    cdef object _progress(self, Side *source, Side *target):
        return Progress(
            received=source.received,
            skip=source.skip,
            held=taken(source.held, source.held_size),
            unsent=taken(target.unsent, target.unsent_size),
        )

    # -- what epoll watches

    cdef int _watch(self, Pair *pair) noexcept nogil:
        """Watch both sides; returns what is wrong, or 0."""
        cdef int failure = self._watch_side(pair, CLIENT, EPOLLIN, EPOLL_CTL_ADD)
        if not failure:
            failure = self._watch_side(pair, SERVER, EPOLLIN, EPOLL_CTL_ADD)
            if failure:
                self._unwatch_side(pair, CLIENT)
        return failure

    cdef int _watch_side(self, Pair *pair, int side, uint32_t what, int how) noexcept nogil:
        cdef epoll_event event
        event.events = pair.sides[side].events = what
        event.data.u64 = self._event_name(pair, side)
        return errno if epoll_ctl(self._epoll, how, pair.sides[side].fd, &event) < 0 else 0

    cdef void _unwatch_side(self, Pair *pair, int side) noexcept nogil:
        cdef epoll_event event
        if pair.sides[side].fd >= 0:
            epoll_ctl(self._epoll, EPOLL_CTL_DEL, pair.sides[side].fd, &event)

    cdef uint64_t _event_name(self, Pair *pair, int side) noexcept nogil:
        return (<uint64_t>pair.age << 33) | (<uint64_t>side << 32) | pair.index

    cdef void _unwatch(self, Pair *pair) noexcept nogil:
        cdef int side
        if not pair.returned:
            for side in range(2):
                self._unwatch_side(pair, side)

    cdef void _want(self, Pair *pair, int side) noexcept nogil:
        """Read a side while the other one takes what comes; write to it when it has not taken all."""
        cdef uint32_t what = 0
        if takes(pair, 1 - side):
            what |= EPOLLIN
        if pair.sides[side].unsent_size:
            what |= EPOLLOUT
        if not what:
            # The end of a connection is reported whether it is wanted or not: once is enough.
            what = EPOLLET
        if what != pair.sides[side].events:
            self._watch_side(pair, side, what, EPOLL_CTL_MOD)

    cdef void _give_back(self, Pair *pair) noexcept nogil:
        if not pair.returned:
            self._unwatch(pair)
            pair.returned = True
            self._returned[self._returned_size] = pair.index
            self._returned_size += 1

    cdef void _unlist(self, Pair *pair) noexcept nogil:
        cdef uint32_t at, to = 0
        for at in range(self._returned_size):
            if self._returned[at] != pair.index:
                self._returned[to] = self._returned[at]
                to += 1
        self._returned_size = to

    # -- the loop

    cdef void _serve(self) noexcept nogil:
        cdef epoll_event events[EVENTS]
        cdef int count, at
        cdef uint32_t before
        cdef uint64_t one = 1
        while not self._stopping:
            count = self._next_events(events)
            self._enter()
            before = self._returned_size
            for at in range(count):
                self._see_to(&events[at])
            self._tidy()
            count = self._returned_size > before or self._has_news()
            self._leave()
            if count:
                write(self.news, &one, sizeof(one))

    # -- what an `Entrance` does besides: here there is nothing of it

    cdef int _patience(self) noexcept nogil:
        """Milliseconds until `_tidy` has something to do; -1 for never."""
        return -1

    cdef void _tidy(self) noexcept nogil:
        """Do what is due."""

    cdef bint _has_news(self) noexcept nogil:
        """Whether Python has to be told something that it does not know of yet."""
        return False

    cdef void _attend(self, epoll_event *event, Pair *pair, int side) noexcept nogil:
        """See to a pair that is not relayed, or, without one, to a listener."""

    cdef bint _see_off(self, Pair *pair) noexcept nogil:
        """A client that was accepted here says Terminate, and nothing before it; False if Python is to see to it."""
        return False

    cdef void _end(self, Pair *pair) noexcept nogil:
        """Both sides of such a client's pair have said all."""

    cdef void _note_key(self, Pair *pair, const unsigned char *body, size_t size) noexcept nogil:
        """Such a client's BackendKeyData has come."""

    # -- what comes

    cdef int _next_events(self, epoll_event *events) noexcept nogil:
        """Wait for what comes.

        Within a long answer the next part comes in less time than it takes to wake up. What a client sends
        is not awaited like that: it would take CPU from Postgres, which is slower at reading it.
        """
        cdef timespec began, now
        cdef int count = 0
        if self._streaming:
            self._streaming = False
            clock_gettime(CLOCK_MONOTONIC, &began)
            while not count:
                sched_yield()
                count = epoll_wait(self._epoll, events, EVENTS, 0)
                clock_gettime(CLOCK_MONOTONIC, &now)
                if (now.tv_sec - began.tv_sec) * 1_000_000_000 + now.tv_nsec - began.tv_nsec > LINGER:
                    break
        return count or epoll_wait(self._epoll, events, EVENTS, self._patience())

    cdef void _see_to(self, epoll_event *event) noexcept nogil:
        cdef uint64_t name = event.data.u64
        cdef int side = (name >> 32) & 1
        cdef bint gone = event.events & (EPOLLERR | EPOLLHUP)
        cdef Pair *pair
        if name == ~<uint64_t>0:
            read(self._wake, &name, sizeof(name))
            return
        if not name >> 33:
            self._attend(event, NULL, 0)
            return
        pair = self._pair((name >> 33 << 32) | <uint32_t>name)
        # Python, or an event before this one, may have taken the pair meanwhile.
        if pair == NULL or pair.returned:
            return
        if pair.stage != RELAYED:
            self._attend(event, pair, side)
            return
        if event.events & EPOLLOUT:
            self._send(pair, side, pair.sides[side].unsent, 0)
            if side == SERVER and pair.cipher != NULL:
                self._decrypt(pair)
        if pair.returned:
            return
        if takes(pair, 1 - side) and (event.events & EPOLLIN or (gone and side == SERVER)):
            self._receive(pair, side)
        elif gone and (side == CLIENT or pair.terminated):
            self._lose(pair, side)

    cdef void _receive(self, Pair *pair, int side) noexcept nogil:
        cdef Side *source = &pair.sides[side]
        cdef size_t size, logged
        cdef ssize_t got
        cdef int _turn
        if side == CLIENT and pair.cipher != NULL:
            self._receive_encrypted(pair)
            return
        for _turn in range(TURNS):
            size = source.held_size
            got = self._receive_behind(source, CHUNK - size)
            if got <= 0:
                if has_ended(got):
                    self._lose(pair, side)
                return
            self._received[side] += got
            source.received += got
            if side == CLIENT:
                self._from_client(pair, size + got)
            else:
                if pair.cipher != NULL:
                    self._send_encrypted(pair, self._buffer + size, got)
                else:
                    self._send(pair, CLIENT, self._buffer + size, got)
                logged = pair.log_size
                self._from_server(pair, size + got)
                # Nothing in it had to be logged: it may be part of something long.
                if got >= STREAMED and pair.unanswered and pair.log_size == logged:
                    self._streaming = True
            if pair.returned or <size_t>got < CHUNK - size or not takes(pair, 1 - side):
                return

    cdef ssize_t _receive_behind(self, Side *source, size_t room) noexcept nogil:
        """Receive what fits into some room behind what is held, both into the buffer."""
        if source.held_size:
            memcpy(self._buffer, source.held, source.held_size)
        return recv(source.fd, self._buffer + source.held_size, room, MSG_DONTWAIT)

    cdef void _lose(self, Pair *pair, int side) noexcept nogil:
        """A connection has ended; Python's transport will see the same, if it is to see to it."""
        if not pair.terminated:
            self._give_back(pair)
        elif side == CLIENT:
            self._unwatch_side(pair, CLIENT)
        else:
            self._end(pair)

    cdef void _receive_encrypted(self, Pair *pair) noexcept nogil:
        cdef ssize_t got
        cdef int _turn
        for _turn in range(TURNS):
            got = recv(pair.sides[CLIENT].fd, self._sealed, CHUNK, MSG_DONTWAIT)
            if got <= 0:
                if has_ended(got):
                    self._lose(pair, CLIENT)
                return
            if self._bio_write(pair.cipher.incoming, self._sealed, got) != got:
                self._break_off(pair)
                return
            self._decrypt(pair)
            if pair.returned or got < CHUNK or not takes(pair, SERVER):
                return

    cdef void _decrypt(self, Pair *pair) noexcept nogil:
        """Pass on what OpenSSL has of the client's, as long as the server takes it."""
        cdef Side *client = &pair.sides[CLIENT]
        cdef size_t size
        cdef int got
        while not pair.returned and takes(pair, SERVER):
            size = client.held_size
            if size:
                memcpy(self._buffer, client.held, size)
            self._err_clear_error()
            got = self._ssl_read(pair.cipher.ssl, self._buffer + size, CHUNK - size)
            if got <= 0:
                if self._ssl_get_error(pair.cipher.ssl, got) != SSL_ERROR_WANT_READ:
                    # OpenSSL will tell Python the same.
                    self._give_back(pair)
                return
            self._received[CLIENT] += got
            client.received += got
            self._from_client(pair, size + got)

    cdef void _send_encrypted(self, Pair *pair, const unsigned char *data, size_t size) noexcept nogil:
        """Send bytes to the client, which has taken everything before them."""
        cdef size_t done = 0
        cdef int got
        while done < size:
            self._err_clear_error()
            got = self._ssl_write(pair.cipher.ssl, <void *>(data + done), size - done)
            if got <= 0:
                self._break_off(pair)
                return
            done += got
        got = self._bio_read(pair.cipher.outgoing, self._sealed, SEALED)
        if got > 0:
            self._send(pair, CLIENT, self._sealed, got)

    cdef void _break_off(self, Pair *pair) noexcept nogil:
        """End a client's connection of which something has been lost, for Python to see."""
        shutdown(pair.sides[CLIENT].fd, SHUT_RDWR)
        self._give_back(pair)

    cdef void _send(self, Pair *pair, int side, const unsigned char *data, size_t size) noexcept nogil:
        """Send bytes to a side; without any, those that it has not taken yet."""
        cdef Side *target = &pair.sides[side]
        cdef ssize_t sent
        cdef size_t left
        if not size:
            size = target.unsent_size
        if not size or target.deaf:
            return
        sent = send(target.fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT)
        if sent < 0:
            sent = 0
            if errno not in (EAGAIN, EINTR):
                if side == SERVER:
                    self._stop_telling(pair)
                    return
                self._give_back(pair)
        left = size - sent
        if left or target.unsent_size:
            if not self._keep_unsent(target, data + sent, left):
                self._give_back(pair)
            if not pair.returned:
                self._want(pair, side)
                self._want(pair, 1 - side)

    cdef void _stop_telling(self, Pair *pair) noexcept nogil:
        """The server takes nothing any more. Why, it may have said: the pair is given back when that has been read."""
        cdef Side *server = &pair.sides[SERVER]
        shutdown(server.fd, SHUT_WR)
        keep(&server.unsent, &server.unsent_size, NULL, 0)
        server.deaf = True
        self._want(pair, SERVER)
        self._want(pair, CLIENT)

    cdef bint _keep_unsent(self, Side *target, const unsigned char *data, size_t size) noexcept nogil:
        if target.unsent_size and size:
            # `data` is within what is kept.
            memmove(target.unsent, data, size)
            target.unsent_size = size
            return True
        return keep(&target.unsent, &target.unsent_size, data, size)

    # -- the messages

    cdef void _from_client(self, Pair *pair, size_t size) noexcept nogil:
        cdef Side *client = &pair.sides[CLIENT]
        cdef unsigned char *data = self._buffer
        cdef size_t at = passed_over(client, size), rest
        cdef Header header
        cdef bint wanted = False
        while read_header(data + at, size - at, &header):
            if header.kind == c'X':
                if not at and size == HEADER and header.size == HEADER and self._see_off(pair):
                    return
                wanted = True
                break
            if not header.possible:
                wanted = True
                break
            if header.kind in (c'Q', c'P'):
                if header.size > CHUNK:
                    wanted = True
                    break
                if header.size > size - at:
                    break
                if has_needle(data + at + HEADER, header.size - HEADER):
                    wanted = True
                    break
            if is_answered(header.kind):
                wanted = not self._note_question(pair, header.kind)
            at = behind(client, at, &header, size)
            if wanted:
                break
        rest = size - at
        if at:
            self._send(pair, SERVER, data, at)
        if pair.sides[SERVER].deaf:
            keep(&client.held, &client.held_size, NULL, 0)
            return
        if rest or client.held_size:
            wanted = not keep(&client.held, &client.held_size, data + at, rest) or wanted
        if wanted:
            self._give_back(pair)

    cdef void _from_server(self, Pair *pair, size_t size) noexcept nogil:
        cdef Side *server = &pair.sides[SERVER]
        cdef unsigned char *data = self._buffer
        cdef size_t at = passed_over(server, size), rest
        cdef Header header
        cdef bint wanted = False
        while read_header(data + at, size - at, &header):
            if not header.possible:
                wanted = True
                break
            if header.kind == c'Z' or (header.kind in (c'S', c'K') and header.size <= LONGEST_NOTED):
                if header.size > size - at:
                    break
                wanted = not self._note_whole(pair, &header, data + at + HEADER) or wanted
            elif is_answer(header.kind):
                # A Sync that came before the COPY began is ignored by it, and is Python's to count.
                if header.kind in (c'G', c'W') and (not pair.log_size or pair.log[0] != (c'Q' | FROM_CLIENT)):
                    wanted = True
                wanted = not self._note(pair, header.kind) or wanted
            at = behind(server, at, &header, size)
        rest = size - at
        if rest or server.held_size:
            wanted = not keep(&server.held, &server.held_size, data + at, rest) or wanted
        # Nothing that Python could do would reach a server that is deaf; what comes last is read first.
        if wanted and not server.deaf:
            self._give_back(pair)

    cdef bint _note_whole(self, Pair *pair, const Header *header, const unsigned char *body) noexcept nogil:
        """Take what is to be remembered of a server's message that has all come; False if Python is to go on."""
        cdef bint noted = True
        if header.kind == c'S':
            return self._note_parameter(pair, body, header.size - HEADER)
        if header.kind == c'K':
            self._note_key(pair, body, header.size - HEADER)
            return True
        # ReadyForQuery: one that is too short has no status.
        if header.size > HEADER:
            pair.status = body[0]
        noted = self._note(pair, header.kind)
        self._end_batch(pair)
        return noted

    cdef bint _note_question(self, Pair *pair, unsigned char kind) noexcept nogil:
        """Log a client's message that will be answered; False if Python is to go on with the counting."""
        if kind in (c'Q', c'S', c'F'):
            pair.unanswered += 1
            pair.since = 0
        else:
            pair.since += 1
        return self._note(pair, kind | FROM_CLIENT)

    cdef bint _note(self, Pair *pair, unsigned char kind) noexcept nogil:
        """Log a message's type; False if Python is to go on with the counting."""
        if not make_room(<void **>&pair.log, &pair.log_room, pair.log_size, 1):
            return False
        pair.log[pair.log_size] = kind
        pair.log_size += 1
        return pair.log_size < LONGEST_LOG

    cdef void _end_batch(self, Pair *pair) noexcept nogil:
        if pair.unanswered:
            pair.unanswered -= 1
        if not pair.unanswered and not pair.since:
            pair.log_size = 0
            if pair.log_room > 16 * SHORTEST_LIST:
                free(pair.log)
                pair.log = NULL
                pair.log_room = 0

    cdef bint _note_parameter(self, Pair *pair, const unsigned char *body, size_t size) noexcept nogil:
        """Remember the client_encoding; False if there is no memory."""
        cdef size_t name = 16  # of "client_encoding" and what ends it
        if size > name and memcmp(body, b"client_encoding\0", name) == 0:
            return keep(&pair.encoding, &pair.encoding_size, body + name, size - name - 1)
        return True
