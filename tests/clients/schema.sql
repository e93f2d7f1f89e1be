-- A schema with one of everything that tools read from the catalogues.
CREATE SCHEMA shop;
COMMENT ON SCHEMA shop IS 'Things, ünd more';
CREATE ROLE clerk;
CREATE TYPE shop.mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE shop.address AS (street text, city varchar(40));
CREATE DOMAIN shop.positive AS integer CONSTRAINT is_positive CHECK (VALUE > 0);
CREATE SEQUENCE shop.counter START 100 INCREMENT 5;
CREATE TABLE shop.customer (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name varchar(80) NOT NULL,
    email text UNIQUE,
    feeling shop.mood DEFAULT 'ok',
    home shop.address,
    tags text[] NOT NULL DEFAULT '{}',
    born date CHECK (born > '1900-01-01'),
    joined timestamptz DEFAULT now(),
    balance numeric(12, 2) DEFAULT 0,
    notes jsonb,
    shout text GENERATED ALWAYS AS (upper(name)) STORED
);
COMMENT ON TABLE shop.customer IS 'Who buys';
COMMENT ON COLUMN shop.customer.name IS 'As on the bill';
CREATE TABLE shop.purchase (
    customer integer REFERENCES shop.customer ON DELETE CASCADE ON UPDATE RESTRICT,
    number shop.positive,
    total double precision NOT NULL DEFAULT 0.5,
    weight real,
    size smallint,
    code char(5),
    span int4range,
    raw bytea,
    took interval,
    at time,
    key uuid,
    from_address inet,
    PRIMARY KEY (customer, number),
    CONSTRAINT sane CHECK (total >= 0 AND size < 100) NO INHERIT,
    EXCLUDE USING gist (span WITH &&)
);
CREATE INDEX recent ON shop.purchase (at DESC NULLS LAST) WHERE total > 10;
CREATE INDEX lowered ON shop.customer (lower(name), (notes ->> 'a'));
CREATE TABLE shop.event (id bigserial, at timestamptz NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE shop.event_2023 PARTITION OF shop.event FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE shop.event_rest PARTITION OF shop.event DEFAULT;
CREATE UNLOGGED TABLE shop.scratch (LIKE shop.purchase INCLUDING DEFAULTS);
CREATE TABLE shop.child (extra text) INHERITS (shop.scratch);
CREATE VIEW shop.rich AS SELECT id, name FROM shop.customer WHERE balance > 1000 WITH CHECK OPTION;
CREATE MATERIALIZED VIEW shop.totals AS SELECT customer, sum(total) AS total FROM shop.purchase GROUP BY 1;
CREATE FUNCTION shop.doubled(x integer, OUT twice integer) LANGUAGE sql IMMUTABLE AS 'SELECT 2 * x';
CREATE PROCEDURE shop.nothing() LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;
CREATE FUNCTION shop.touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.joined = now(); RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE UPDATE ON shop.customer FOR EACH ROW EXECUTE FUNCTION shop.touched();
CREATE RULE no_delete AS ON DELETE TO shop.event DO INSTEAD NOTHING;
CREATE AGGREGATE shop.total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
CREATE STATISTICS shop.correlated ON name, email FROM shop.customer;
ALTER TABLE shop.customer ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON shop.customer FOR SELECT TO clerk USING (name = current_user);
GRANT SELECT, UPDATE (name) ON shop.customer TO clerk;
GRANT USAGE ON SCHEMA shop TO PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO clerk;
CREATE PUBLICATION news FOR TABLE shop.event;
CREATE TEXT SEARCH CONFIGURATION shop.plain (COPY = simple);
CREATE COLLATION shop.plain_order FROM "C";
CREATE CAST (shop.mood AS integer) WITH INOUT;
CREATE OPERATOR shop.@@@ (FUNCTION = int4pl, LEFTARG = integer, RIGHTARG = integer);
INSERT INTO shop.customer (name, email, feeling, home, tags, born, joined, balance, notes)
SELECT 'Näme ' || g, g || '@example.com', 'happy', ROW('Street ' || g, 'Town')::shop.address, ARRAY['a', NULL, 'c"' || g],
       '1970-01-01'::date + g, '2024-01-01 12:00+00'::timestamptz + g * interval '1 h', g * 10.5, jsonb_build_object('a', g)
FROM generate_series(1, 200) g;
INSERT INTO shop.purchase
SELECT c, n, c * n / 3.0, c / 7.0, n, 'C' || n, int4range(c * 100 + n, c * 100 + n + 1), decode(md5(c::text), 'hex'),
       c * interval '1 min', '12:00'::time + n * interval '1 s', md5(c || '-' || n)::uuid, ('10.0.0.' || n)::inet
FROM generate_series(1, 200) c, generate_series(1, 20) n;
INSERT INTO shop.event (at) SELECT '2023-06-01'::timestamptz + g * interval '1 day' FROM generate_series(1, 400) g;
REFRESH MATERIALIZED VIEW shop.totals;
SELECT setval('shop.counter', 135);
SELECT lo_from_bytea(4711, '\x68616c6c6f');
