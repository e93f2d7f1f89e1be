import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.Array;
import java.sql.BatchUpdateException;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.ParameterMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyOut;
import org.postgresql.largeobject.LargeObject;
import org.postgresql.largeobject.LargeObjectManager;
import org.postgresql.replication.LogSequenceNumber;
import org.postgresql.replication.PGReplicationStream;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * What pgjdbc can do: url, user, password, sslmode and perhaps the root certificate's file.
 *
 * Prints a JSON line a test: its name, whether it passed, and what it returned, which is shown.
 */
public class Suite {
    interface Body {
        Object run(Connection connection) throws Exception;
    }

    private static final int SECONDS = 60;
    private static final ExecutorService EXECUTOR = Executors.newCachedThreadPool();
    private static final Properties BASE = new Properties();
    private static String url;

    public static void main(String[] arguments) throws Exception {
        url = arguments[0];
        BASE.setProperty("user", arguments[1]);
        BASE.setProperty("password", arguments[2]);
        BASE.setProperty("sslmode", arguments[3]);
        if (arguments.length > 4) {
            BASE.setProperty("sslrootcert", arguments[4]);
        }
        connecting(arguments.length > 4 ? arguments[4] : null);
        for (String mode : List.of("simple", "extended", "extendedForPrepared", "extendedCacheEverything")) {
            for (String binary : List.of("true", "false")) {
                statements(of("preferQueryMode", mode, "binaryTransfer", binary, "prepareThreshold", "2"));
            }
            transactions(of("preferQueryMode", mode));
        }
        for (String threshold : List.of("-1", "0", "1", "5")) {
            preparing(of("prepareThreshold", threshold));
        }
        for (String rewrite : List.of("true", "false")) {
            batches(of("reWriteBatchedInserts", rewrite));
        }
        for (String autosave : List.of("never", "always", "conservative")) {
            for (String cleanup : List.of("true", "false")) {
                autosaving(of("autosave", autosave, "cleanupSavepoints", cleanup));
            }
        }
        cursors();
        copies();
        messages();
        metadata();
        largeValues();
        largeObjects();
        replication();
        System.exit(0);
    }

    // -- connecting

    private static void connecting(String root) {
        for (String mode : List.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full")) {
            for (boolean verifiable : new boolean[] {true, false}) {
                if (verifiable && root == null) {
                    continue;
                }
                Map<String, String> words = verifiable ? of("sslmode", mode)
                    : of("sslmode", mode, "sslrootcert", "/nowhere");
                test("sslmode " + mode + (verifiable ? "" : " without the root"), words, c -> rows(c,
                    "SELECT current_user"));
            }
        }
        // Not "require": the proxy declines encryption by GSSAPI, which a server of Debian's only seems to have.
        for (String mode : List.of("disable", "allow", "prefer")) {
            test("gssEncMode " + mode, of("gssEncMode", mode), c -> rows(c, "SELECT 1"));
        }
        for (Map<String, String> words : List.of(
                of("user", "nobody_of_that_name"), of("password", "wrong"),
                of("options", "-c nonsense=1"), of("PGDBNAME", "nowhere"),
                of("options", "-c search_path=a,b -c statement_timeout=7s"),
                of("ApplicationName", "ünïcode"), of("assumeMinServerVersion", "9.0"),
                of("currentSchema", "one,two"), of("targetServerType", "primary"),
                of("readOnly", "true", "readOnlyMode", "always"), of("loginTimeout", "5"),
                of("tcpKeepAlive", "true"), of("socketTimeout", "5"), of("connectTimeout", "5"))) {
            test("connecting with " + words, words, c -> rows(c, "SELECT current_setting('search_path'), "
                + "current_setting('statement_timeout'), current_setting('application_name'), "
                + "current_setting('default_transaction_read_only')"));
        }
        test("the process is the backend's own", of(), c -> {
            int process = c.unwrap(PGConnection.class).getBackendPID();
            return rows(c, "SELECT pg_backend_pid() = " + process);
        });
        test("parameter statuses", of(),
            c -> String.valueOf(new TreeMap<>(c.unwrap(PGConnection.class).getParameterStatuses())));
        test("a connection is valid, and then closed by the server", of(), c -> {
            boolean before = c.isValid(5);
            try (Connection other = connect(of())) {
                execute(other, "SELECT pg_terminate_backend(" + c.unwrap(PGConnection.class).getBackendPID() + ")");
            }
            return before + " " + failure(() -> execute(c, "SELECT 1")) + " " + c.isValid(5);
        });
        test("a connection is aborted", of(), c -> {
            c.abort(Runnable::run);
            return c.isClosed();
        });
        test("a network timeout", of(), c -> {
            c.setNetworkTimeout(EXECUTOR, 300);
            try {
                execute(c, "SELECT pg_sleep(20)");
            } catch (SQLException error) {
                return error.getSQLState();
            }
            return "no error";
        });
    }

    // -- statements in every mode

    private static final String[] VALUES = {
        "true", "1::int2", "2147483647", "9223372036854775807", "1.5::float4", "'NaN'::float8", "12.340::numeric",
        "'ä€𝄞'::text", "'\\x00ff'::bytea", "'2024-02-29'::date", "'12:34:56.7'::time", "'2024-01-01 12:00'::timestamp",
        "'2024-01-01 12:00+02'::timestamptz", "'1 year 2 days 03:04:05'::interval", "'[1]'::jsonb", "NULL::int",
        "'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'::uuid", "ARRAY[1,NULL,3]", "ARRAY['a','b\"']", "'{{1,2},{3,4}}'::int8[]",
        "'(1,2)'::point", "ROW(1,'a')", "1::oid", "B'101'", "'[1,2)'::int4range", "'10.0.0.0/8'::cidr", "'$1.00'::money",
    };

    private static void statements(Map<String, String> words) {
        test("values " + words, words, c -> {
            List<String> shown = new ArrayList<>();
            for (String value : VALUES) {
                try (PreparedStatement statement = c.prepareStatement("SELECT " + value + " AS v")) {
                    for (int times = 0; times < 4; times++) {
                        shown.add(table(statement.executeQuery()));
                    }
                }
            }
            return shown;
        });
        test("parameters " + words, words, c -> {
            List<String> shown = new ArrayList<>();
            try (PreparedStatement statement = c.prepareStatement("SELECT ?::int, ?::text, ?::bytea, ?::numeric, "
                    + "?::timestamptz = 'epoch', ?::bool, ?::float8, ?::int8, ?::int[]")) {
                for (int times = 0; times < 5; times++) {
                    statement.setInt(1, times);
                    statement.setString(2, times == 3 ? null : "ü" + times);
                    statement.setBytes(3, new byte[] {0, (byte) 255, (byte) times});
                    statement.setBigDecimal(4, new java.math.BigDecimal("12.50"));
                    statement.setTimestamp(5, new java.sql.Timestamp(0));
                    statement.setBoolean(6, times % 2 == 0);
                    statement.setDouble(7, times / 3.0);
                    statement.setLong(8, Long.MAX_VALUE - times);
                    statement.setArray(9, c.createArrayOf("int4", new Integer[] {1, null, times}));
                    shown.add(table(statement.executeQuery()));
                }
            }
            return shown;
        });
        test("several statements in one " + words, words, c -> {
            List<String> shown = new ArrayList<>();
            try (Statement statement = c.createStatement()) {
                boolean rows = statement.execute("SELECT 1; CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1), (2); "
                    + "SELECT * FROM t; DROP TABLE t");
                while (rows || statement.getUpdateCount() != -1) {
                    shown.add(rows ? table(statement.getResultSet()) : "updated " + statement.getUpdateCount());
                    rows = statement.getMoreResults();
                }
            }
            return shown;
        });
        test("errors " + words, words, c -> {
            List<String> shown = new ArrayList<>();
            execute(c, "CREATE TEMP TABLE t (a int PRIMARY KEY CHECK (a > 0)); INSERT INTO t VALUES (1)");
            for (String sql : List.of("SELECT * FROM nowhere", "SELECT 1 / 0", "SELEC", "INSERT INTO t VALUES (1)",
                    "INSERT INTO t VALUES (-1)", "SELECT 'x'::int", "SELECT 1; SELECT 1 / 0; SELECT 3", "",
                    "DO $$ BEGIN RAISE 'm' USING ERRCODE = 'XY123', DETAIL = 'd', HINT = 'h', COLUMN = 'c'; END $$")) {
                shown.add(sql + ": " + failure(() -> execute(c, sql)) + " then " + rows(c, "SELECT 1"));
            }
            return shown;
        });
        test("a changed result is noticed " + words, words, c -> {
            execute(c, "CREATE TEMP TABLE t (a int)");
            List<String> shown = new ArrayList<>();
            try (PreparedStatement statement = c.prepareStatement("SELECT * FROM t")) {
                for (int times = 0; times < 6; times++) {
                    if (times == 3) {
                        execute(c, "ALTER TABLE t ADD b text");
                    }
                    shown.add(failure(() -> statement.executeQuery().close()));
                }
            }
            return shown;
        });
        test("generated keys " + words, words, c -> {
            execute(c, "CREATE TEMP TABLE t (a serial, b text)");
            List<String> shown = new ArrayList<>();
            try (PreparedStatement statement = c.prepareStatement("INSERT INTO t (b) VALUES (?)",
                    Statement.RETURN_GENERATED_KEYS)) {
                for (int times = 0; times < 4; times++) {
                    statement.setString(1, "b" + times);
                    statement.executeUpdate();
                    shown.add(table(statement.getGeneratedKeys()));
                }
            }
            return shown;
        });
        test("a function is called " + words, words, c -> {
            execute(c, "CREATE OR REPLACE FUNCTION pg_temp.twice(a int, OUT b int) LANGUAGE sql AS 'SELECT 2 * a'");
            try (CallableStatement call = c.prepareCall("{call pg_temp.twice(?, ?)}")) {
                call.setInt(1, 21);
                call.registerOutParameter(2, Types.INTEGER);
                call.execute();
                return call.getInt(2);
            }
        });
        test("an updatable result " + words, words, c -> {
            execute(c, "CREATE TEMP TABLE t (a int PRIMARY KEY, b text); INSERT INTO t VALUES (1, 'x'), (2, 'y')");
            try (Statement statement = c.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE);
                    ResultSet result = statement.executeQuery("SELECT a, b FROM t ORDER BY a")) {
                result.last();
                result.updateString(2, "z");
                result.updateRow();
                result.moveToInsertRow();
                result.updateInt(1, 3);
                result.updateString(2, "new");
                result.insertRow();
                result.first();
                result.deleteRow();
            }
            return rows(c, "SELECT * FROM t ORDER BY a");
        });
        test("metadata of results and parameters " + words, words, c -> {
            execute(c, "CREATE TEMP TABLE t (a int NOT NULL, b numeric(5,2), c varchar(7))");
            try (PreparedStatement statement = c.prepareStatement("SELECT a, b, c AS d, 1 + a FROM t WHERE b = ? OR c = ?")) {
                List<Object> shown = new ArrayList<>();
                ResultSetMetaData columns = statement.getMetaData();
                for (int column = 1; column <= columns.getColumnCount(); column++) {
                    shown.add(List.of(columns.getColumnLabel(column), columns.getColumnName(column),
                        columns.getTableName(column), columns.getColumnTypeName(column), columns.getPrecision(column),
                        columns.getScale(column), columns.isNullable(column), columns.getColumnDisplaySize(column)));
                }
                ParameterMetaData parameters = statement.getParameterMetaData();
                for (int parameter = 1; parameter <= parameters.getParameterCount(); parameter++) {
                    shown.add(parameters.getParameterTypeName(parameter));
                }
                return shown;
            }
        });
    }

    private static void transactions(Map<String, String> words) {
        test("savepoints " + words, words, c -> {
            execute(c, "CREATE TEMP TABLE t (a int)");
            c.setAutoCommit(false);
            execute(c, "INSERT INTO t VALUES (1)");
            Savepoint first = c.setSavepoint();
            execute(c, "INSERT INTO t VALUES (2)");
            Savepoint second = c.setSavepoint("named ü");
            String told = failure(() -> execute(c, "SELECT 1 / 0"));
            String aborted = failure(() -> execute(c, "SELECT 1"));
            c.rollback(second);
            execute(c, "INSERT INTO t VALUES (3)");
            c.rollback(first);
            c.releaseSavepoint(first);
            c.commit();
            return told + aborted + rows(c, "SELECT * FROM t");
        });
        for (int level : new int[] {Connection.TRANSACTION_READ_COMMITTED, Connection.TRANSACTION_REPEATABLE_READ,
                Connection.TRANSACTION_SERIALIZABLE}) {
            test("isolation level " + level + " " + words, words, c -> {
                c.setTransactionIsolation(level);
                c.setReadOnly(true);
                c.setAutoCommit(false);
                String shown = rows(c, "SHOW transaction_isolation") + rows(c, "SHOW transaction_read_only");
                return shown + failure(() -> execute(c, "CREATE TABLE refused (a int)"));
            });
        }
        test("a failed transaction is rolled back by its commit " + words, words, c -> {
            c.setAutoCommit(false);
            String told = failure(() -> execute(c, "SELECT 1 / 0"));
            return told + failure(c::commit) + rows(c, "SELECT 1");
        });
    }

    private static void preparing(Map<String, String> words) {
        test("server-side statements " + words, words, c -> {
            try (PreparedStatement statement = c.prepareStatement("SELECT ?::int + 1")) {
                for (int times = 0; times < 12; times++) {
                    statement.setInt(1, times);
                    try (ResultSet result = statement.executeQuery()) {
                        result.next();
                        ensure(result.getInt(1) == times + 1);
                    }
                }
            }
            return rows(c, "SELECT name, statement FROM pg_prepared_statements");
        });
        test("statements are dropped from the cache " + words, with(words, "preparedStatementCacheQueries", "3"), c -> {
            for (int number = 0; number < 20; number++) {
                for (int times = 0; times < 6; times++) {
                    rows(c, "SELECT " + number);
                    try (PreparedStatement statement = c.prepareStatement("SELECT ? || 'n" + number + "'")) {
                        statement.setString(1, "x");
                        statement.executeQuery().close();
                    }
                }
            }
            return rows(c, "SELECT count(*) < 10 FROM pg_prepared_statements");
        });
        test("DEALLOCATE and DISCARD are survived " + words, words, c -> {
            List<String> shown = new ArrayList<>();
            for (String sql : List.of("DEALLOCATE ALL", "DISCARD ALL")) {
                try (PreparedStatement statement = c.prepareStatement("SELECT ?::text")) {
                    for (int times = 0; times < 8; times++) {
                        statement.setString(1, "v" + times);
                        if (times == 6) {
                            execute(c, sql);
                        }
                        shown.add(failure(() -> statement.executeQuery().close()));
                    }
                }
            }
            return shown;
        });
    }

    private static void batches(Map<String, String> words) {
        for (int size : new int[] {0, 1, 2, 127, 128, 1000, 40000}) {
            test("a batch of " + size + " " + words, words, c -> {
                execute(c, "CREATE TEMP TABLE t (a int, b text)");
                try (PreparedStatement statement = c.prepareStatement("INSERT INTO t VALUES (?, ?)")) {
                    for (int number = 0; number < size; number++) {
                        statement.setInt(1, number);
                        statement.setString(2, "b" + number);
                        statement.addBatch();
                    }
                    return statement.executeBatch().length + rows(c, "SELECT count(*), sum(a) FROM t");
                }
            });
        }
        test("a batch that fails halfway " + words, words, c -> {
            execute(c, "CREATE TEMP TABLE t (a int PRIMARY KEY)");
            try (PreparedStatement statement = c.prepareStatement("INSERT INTO t VALUES (?)")) {
                for (int number : new int[] {1, 2, 3, 2, 4}) {
                    statement.setInt(1, number);
                    statement.addBatch();
                }
                statement.executeBatch();
                return "no error";
            } catch (BatchUpdateException error) {
                return Arrays.toString(error.getUpdateCounts()) + error.getSQLState() + rows(c, "SELECT * FROM t");
            }
        });
        test("a batch of statements " + words, words, c -> {
            try (Statement statement = c.createStatement()) {
                statement.addBatch("CREATE TEMP TABLE t (a int)");
                statement.addBatch("INSERT INTO t SELECT generate_series(1, 5)");
                statement.addBatch("UPDATE t SET a = a + 1 WHERE a > 2");
                statement.addBatch("DELETE FROM t");
                return Arrays.toString(statement.executeBatch());
            }
        });
        test("a batch that returns keys " + words, words, c -> {
            execute(c, "CREATE TEMP TABLE t (a serial, b text)");
            try (PreparedStatement statement = c.prepareStatement("INSERT INTO t (b) VALUES (?)",
                    Statement.RETURN_GENERATED_KEYS)) {
                for (int number = 0; number < 500; number++) {
                    statement.setString(1, "b".repeat(1000));
                    statement.addBatch();
                }
                statement.executeBatch();
                return table(statement.getGeneratedKeys());
            }
        });
        test("a batch whose answers are as long as its questions " + words, words, c -> {
            execute(c, "CREATE TEMP TABLE t (a serial, b text)");
            try (PreparedStatement statement = c.prepareStatement("INSERT INTO t (b) VALUES (?)",
                    new String[] {"a", "b"})) {
                for (int number = 0; number < 300; number++) {
                    statement.setString(1, "b".repeat(100_000));
                    statement.addBatch();
                }
                statement.executeBatch();
                long length = 0;
                try (ResultSet keys = statement.getGeneratedKeys()) {
                    while (keys.next()) {
                        length += keys.getString(2).length();
                    }
                }
                return length;
            }
        });
        test("a batch that raises many notices " + words, words, c -> {
            execute(c, "CREATE FUNCTION pg_temp.noisy(a int) RETURNS int LANGUAGE plpgsql AS "
                + "$$ BEGIN RAISE NOTICE '%', repeat('n', 20000); RETURN a; END $$; CREATE TEMP TABLE t (a int)");
            try (PreparedStatement statement = c.prepareStatement("INSERT INTO t VALUES (pg_temp.noisy(?))")) {
                for (int number = 0; number < 1500; number++) {
                    statement.setInt(1, number);
                    statement.addBatch();
                }
                return statement.executeBatch().length + rows(c, "SELECT count(*) FROM t");
            }
        });
    }

    private static void autosaving(Map<String, String> words) {
        test("autosave after an error " + words, words, c -> {
            c.setAutoCommit(false);
            execute(c, "CREATE TEMP TABLE t (a int)");
            List<String> shown = new ArrayList<>();
            for (String sql : List.of("INSERT INTO t VALUES (1)", "SELECT 1 / 0", "INSERT INTO t VALUES (2)")) {
                shown.add(failure(() -> execute(c, sql)));
            }
            shown.add(failure(c::commit));
            return shown + failure(() -> execute(c, "SELECT * FROM t"));
        });
        test("autosave and a changed result " + words, words, c -> {
            execute(c, "CREATE TEMP TABLE t (a int)");
            c.setAutoCommit(false);
            List<String> shown = new ArrayList<>();
            try (PreparedStatement statement = c.prepareStatement("SELECT * FROM t")) {
                for (int times = 0; times < 8; times++) {
                    if (times == 6) {
                        shown.add(failure(() -> execute(c, "ALTER TABLE t ADD b text")));
                    }
                    shown.add(failure(() -> statement.executeQuery().close()));
                }
            }
            return shown;
        });
        test("autosave and statements that are not prepared any more " + words, words, c -> {
            c.setAutoCommit(false);
            List<String> shown = new ArrayList<>();
            try (PreparedStatement statement = c.prepareStatement("SELECT ?::int")) {
                for (int times = 0; times < 8; times++) {
                    if (times == 6) {
                        execute(c, "DEALLOCATE ALL");
                    }
                    statement.setInt(1, times);
                    shown.add(failure(() -> statement.executeQuery().close()));
                }
            }
            return shown;
        });
    }

    private static void cursors() {
        for (int size : new int[] {1, 7, 100, 4999, 5000, 5001}) {
            test("a cursor with fetchSize " + size, of(), c -> {
                c.setAutoCommit(false);
                try (PreparedStatement statement = c.prepareStatement("SELECT g FROM generate_series(1, ?) g")) {
                    statement.setFetchSize(size);
                    List<Long> sums = new ArrayList<>();
                    for (int times = 0; times < 7; times++) {
                        statement.setInt(1, size == 1 ? 50 : 5000);
                        long sum = 0;
                        try (ResultSet result = statement.executeQuery()) {
                            while (result.next()) {
                                sum += result.getInt(1);
                            }
                        }
                        sums.add(sum);
                    }
                    return sums;
                }
            });
        }
        test("a cursor whose size adapts", of("adaptiveFetch", "true", "maxResultBuffer", "10M",
            "defaultRowFetchSize", "10"), c -> {
                c.setAutoCommit(false);
                return rows(c, "SELECT repeat('x', g) FROM generate_series(1, 2000) g").length();
            });
        test("two cursors and other statements take turns", of(), c -> {
            c.setAutoCommit(false);
            long sum = 0;
            try (Statement one = c.createStatement(); Statement two = c.createStatement()) {
                one.setFetchSize(10);
                two.setFetchSize(3);
                ResultSet first = one.executeQuery("SELECT generate_series(1, 500)");
                ResultSet second = two.executeQuery("SELECT generate_series(1, 500)");
                while (first.next() && second.next()) {
                    sum += first.getInt(1) * second.getInt(1);
                    if (first.getInt(1) % 100 == 0) {
                        rows(c, "SELECT 1");
                    }
                }
            }
            return sum;
        });
        test("a cursor is closed early", of(), c -> {
            c.setAutoCommit(false);
            try (Statement statement = c.createStatement()) {
                statement.setFetchSize(10);
                try (ResultSet result = statement.executeQuery("SELECT generate_series(1, 1000000)")) {
                    result.next();
                }
            }
            return rows(c, "SELECT count(*) FROM pg_cursors");
        });
        test("a cursor that fails halfway", of(), c -> {
            c.setAutoCommit(false);
            try (Statement statement = c.createStatement()) {
                statement.setFetchSize(10);
                ResultSet result = statement.executeQuery("SELECT 1 / (55 - g) FROM generate_series(1, 100) g");
                int seen = 0;
                try {
                    while (result.next()) {
                        seen++;
                    }
                } catch (SQLException error) {
                    return seen + described(error);
                }
            }
            return "no error";
        });
        test("at most so many rows", of(), c -> {
            try (Statement statement = c.createStatement()) {
                statement.setMaxRows(5);
                return table(statement.executeQuery("SELECT generate_series(1, 100)"));
            }
        });
        test("a cursor of the server's", of(), c -> {
            c.setAutoCommit(false);
            execute(c, "CREATE FUNCTION pg_temp.opened() RETURNS refcursor LANGUAGE plpgsql AS "
                + "$$ DECLARE c refcursor := 'named'; BEGIN OPEN c FOR SELECT generate_series(1, 3); RETURN c; END $$");
            try (CallableStatement call = c.prepareCall("{? = call pg_temp.opened()}")) {
                call.registerOutParameter(1, Types.REF_CURSOR);
                call.execute();
                return table((ResultSet) call.getObject(1));
            }
        });
    }

    private static void copies() {
        for (String format : List.of("text", "csv", "binary")) {
            for (int rows : new int[] {0, 1, 100000}) {
                test("COPY of " + rows + " rows as " + format, of(), c -> {
                    execute(c, "CREATE TEMP TABLE t AS SELECT g AS a, md5(g::text) AS b FROM generate_series(1, " + rows
                        + ") g; CREATE TEMP TABLE u (LIKE t)");
                    var manager = c.unwrap(PGConnection.class).getCopyAPI();
                    ByteArrayOutputStream data = new ByteArrayOutputStream();
                    long out = manager.copyOut("COPY t TO STDOUT (FORMAT " + format + ")", data);
                    long in = manager.copyIn("COPY u FROM STDIN (FORMAT " + format + ")",
                        new ByteArrayInputStream(data.toByteArray()));
                    return out + " " + in + " " + data.size() + rows(c, "SELECT count(*), min(b), max(b) FROM u");
                });
            }
        }
        test("COPY in is broken off", of(), c -> {
            execute(c, "CREATE TEMP TABLE t (a int)");
            CopyIn copy = c.unwrap(PGConnection.class).getCopyAPI().copyIn("COPY t FROM STDIN");
            byte[] line = "1\n".getBytes(StandardCharsets.UTF_8);
            copy.writeToCopy(line, 0, line.length);
            copy.cancelCopy();
            return rows(c, "SELECT count(*) FROM t");
        });
        test("COPY in of wrong data", of(), c -> {
            execute(c, "CREATE TEMP TABLE t (a int)");
            var manager = c.unwrap(PGConnection.class).getCopyAPI();
            return failure(() -> manager.copyIn("COPY t FROM STDIN", new StringReader("1\ntwo\n3\n")))
                + rows(c, "SELECT count(*) FROM t");
        });
        test("COPY out is broken off", of(), c -> {
            CopyOut copy = c.unwrap(PGConnection.class).getCopyAPI()
                .copyOut("COPY (SELECT generate_series(1, 10000000)) TO STDOUT");
            copy.readFromCopy();
            copy.cancelCopy();
            return rows(c, "SELECT 1");
        });
        test("COPY out to a writer", of(), c -> {
            StringWriter writer = new StringWriter();
            c.unwrap(PGConnection.class).getCopyAPI().copyOut("COPY (SELECT 'ä€', NULL, E'\\t') TO STDOUT", writer);
            return writer.toString();
        });
        test("COPY cannot begin", of(), c -> {
            var manager = c.unwrap(PGConnection.class).getCopyAPI();
            return failure(() -> manager.copyIn("COPY nowhere FROM STDIN")) + failure(() -> manager.copyIn("SELECT 1"))
                + failure(() -> manager.copyOut("COPY (SELECT 1 / 0) TO STDOUT")) + rows(c, "SELECT 1");
        });
    }

    private static void messages() {
        test("a statement is cancelled", of(), c -> {
            try (Statement statement = c.createStatement()) {
                EXECUTOR.submit(() -> {
                    Thread.sleep(300);
                    statement.cancel();
                    return null;
                });
                return failure(() -> statement.execute("SELECT pg_sleep(20)")) + rows(c, "SELECT 1");
            }
        });
        test("a statement runs into its timeout", of(), c -> {
            try (Statement statement = c.createStatement()) {
                statement.setQueryTimeout(1);
                return failure(() -> statement.execute("SELECT pg_sleep(20)")) + rows(c, "SELECT 1");
            }
        });
        test("cancelling what has ended does no harm", of(), c -> {
            try (Statement statement = c.createStatement()) {
                statement.execute("SELECT 1");
                statement.cancel();
            }
            return rows(c, "SELECT 1");
        });
        for (String payload : List.of("", "ü", "x".repeat(7999))) {
            test("a notification of " + payload.length(), of(), c -> {
                execute(c, "LISTEN channel");
                try (Connection other = connect(of());
                        PreparedStatement notify = other.prepareStatement("SELECT pg_notify('channel', ?)")) {
                    notify.setString(1, payload);
                    notify.execute();
                }
                PGNotification[] seen = c.unwrap(PGConnection.class).getNotifications(10_000);
                return seen.length + seen[0].getName() + seen[0].getParameter();
            });
        }
        test("warnings", of(), c -> {
            List<String> shown = new ArrayList<>();
            try (Statement statement = c.createStatement()) {
                statement.execute("DO $$ BEGIN RAISE NOTICE 'n'; RAISE WARNING 'w' USING DETAIL = 'd'; END $$");
                for (SQLWarning each = statement.getWarnings(); each != null; each = each.getNextWarning()) {
                    shown.add(each.getSQLState() + each.getMessage());
                }
            }
            return shown;
        });
        test("twenty connections at once", of(), c -> {
            List<Future<String>> answers = new ArrayList<>();
            for (int number = 0; number < 20; number++) {
                int mine = number;
                answers.add(EXECUTOR.submit(() -> {
                    try (Connection other = connect(of())) {
                        return rows(other, "SELECT " + mine + ", pg_sleep(0.05)::text");
                    }
                }));
            }
            List<String> shown = new ArrayList<>();
            for (Future<String> answer : answers) {
                shown.add(answer.get());
            }
            return shown;
        });
    }

    private static void metadata() {
        test("the database's metadata", of(), c -> {
            execute(c, "CREATE TABLE parent (id serial PRIMARY KEY, name varchar(20) NOT NULL UNIQUE DEFAULT 'n'); "
                + "CREATE TABLE child (a int, b int REFERENCES parent ON DELETE CASCADE, PRIMARY KEY (a, b)); "
                + "COMMENT ON TABLE parent IS 'ü'; CREATE VIEW shown AS SELECT * FROM parent; CREATE INDEX ON child (b); "
                + "CREATE FUNCTION doubled(x int) RETURNS int LANGUAGE sql AS 'SELECT 2 * x'; CREATE TYPE mood AS ENUM ('a')");
            DatabaseMetaData data = c.getMetaData();
            String[] kinds = {"TABLE", "VIEW"};
            List<String> shown = new ArrayList<>(List.of(
                data.getDatabaseProductVersion(), table(data.getTables(null, "public", "%", kinds)),
                table(data.getColumns(null, "public", "%", "%")), table(data.getPrimaryKeys(null, "public", "child")),
                table(data.getImportedKeys(null, "public", "child")), table(data.getExportedKeys(null, "public", "parent")),
                table(data.getFunctions(null, "public", "%")), table(data.getFunctionColumns(null, "public", "%", "%"))));
            shown.addAll(List.of(table(data.getIndexInfo(null, "public", "child", false, false)), table(data.getSchemas()),
                table(data.getCatalogs()), table(data.getTableTypes()), table(data.getTypeInfo()),
                table(data.getUDTs(null, "public", "%", null)), table(data.getTablePrivileges(null, "public", "%")),
                table(data.getBestRowIdentifier(null, "public", "parent", 0, true)),
                data.getSQLKeywords(), data.getMaxColumnNameLength() + data.getUserName()));
            execute(c, "DROP TABLE child; DROP VIEW shown; DROP TABLE parent; DROP FUNCTION doubled; DROP TYPE mood");
            return String.valueOf(shown).replaceAll("doubled_\\d+", "doubled_OID");
        });
    }

    private static void largeValues() {
        for (int size : new int[] {1, 8192, 1 << 20, 64 << 20}) {
            for (String binary : List.of("true", "false")) {
                Map<String, String> words = of("binaryTransfer", binary, "prepareThreshold", "1");
                test("a value of " + size + " bytes " + words, words, c -> {
                    byte[] value = new byte[size];
                    Arrays.fill(value, (byte) 0xAB);
                    try (PreparedStatement statement = c.prepareStatement("SELECT ?::bytea")) {
                        statement.setBytes(1, value);
                        try (ResultSet result = statement.executeQuery()) {
                            result.next();
                            return Arrays.equals(value, result.getBytes(1));
                        }
                    }
                });
            }
        }
        test("a stream of 64 MB", of(), c -> {
            execute(c, "CREATE TEMP TABLE t (a bytea)");
            try (PreparedStatement statement = c.prepareStatement("INSERT INTO t VALUES (?)")) {
                statement.setBinaryStream(1, new ByteArrayInputStream(new byte[64 << 20]), 64 << 20);
                statement.executeUpdate();
            }
            try (Statement statement = c.createStatement(); ResultSet result = statement.executeQuery("SELECT a FROM t")) {
                result.next();
                InputStream stream = result.getBinaryStream(1);
                return stream.readAllBytes().length;
            }
        });
        test("32767 parameters", of(), c -> {
            String list = "?::int,".repeat(32767);
            try (PreparedStatement statement = c.prepareStatement(
                    "SELECT cardinality(ARRAY[" + list.substring(0, list.length() - 1) + "])")) {
                for (int number = 1; number <= 32767; number++) {
                    statement.setInt(number, number);
                }
                return table(statement.executeQuery());
            }
        });
        test("1600 columns", of(), c -> rows(c, "SELECT 1" + ", 1".repeat(1599)).length());
        test("a million rows", of(), c -> {
            try (Statement statement = c.createStatement();
                    ResultSet result = statement.executeQuery("SELECT g FROM generate_series(1, 1000000) g")) {
                long sum = 0;
                while (result.next()) {
                    sum += result.getInt(1);
                }
                return sum;
            }
        });
    }

    private static void largeObjects() {
        for (int size : new int[] {0, 1, 2048, 5_000_000}) {
            test("a large object of " + size + " bytes", of(), c -> {
                c.setAutoCommit(false);
                LargeObjectManager manager = c.unwrap(PGConnection.class).getLargeObjectAPI();
                long id = manager.createLO(LargeObjectManager.READWRITE);
                try (LargeObject object = manager.open(id, LargeObjectManager.READWRITE)) {
                    object.write(new byte[size]);
                    object.seek(0);
                    int read = object.read(size).length;
                    object.truncate(size / 2);
                    object.seek(0, LargeObject.SEEK_END);
                    return read + " " + object.tell() + " " + object.size();
                } finally {
                    manager.delete(id);
                    c.commit();
                }
            });
        }
        test("a large object that does not exist", of(), c -> {
            c.setAutoCommit(false);
            LargeObjectManager manager = c.unwrap(PGConnection.class).getLargeObjectAPI();
            String told = failure(() -> manager.open(4711L));
            c.rollback();
            return told + rows(c, "SELECT 1");
        });
        test("a blob and a clob", of(), c -> {
            c.setAutoCommit(false);
            execute(c, "CREATE TEMP TABLE t (a oid, b oid)");
            try (PreparedStatement statement = c.prepareStatement("INSERT INTO t VALUES (?, ?)")) {
                statement.setBlob(1, new ByteArrayInputStream("blob".getBytes(StandardCharsets.UTF_8)));
                statement.setClob(2, new StringReader("clob ü"));
                statement.executeUpdate();
            }
            try (Statement statement = c.createStatement(); ResultSet result = statement.executeQuery("SELECT * FROM t")) {
                result.next();
                String text = new String(result.getBlob(1).getBytes(1, 4), StandardCharsets.UTF_8);
                return text + result.getClob(2).getSubString(1, 6);
            }
        });
    }

    private static void replication() {
        Map<String, String> words = of("replication", "database", "preferQueryMode", "simple",
            "assumeMinServerVersion", "9.4");
        test("the system is identified", words, c -> rows(c, "IDENTIFY_SYSTEM").length() > 0);
        test("WAL is streamed", words, c -> {
            PGConnection connection = c.unwrap(PGConnection.class);
            LogSequenceNumber start;
            try (Connection other = connect(of())) {
                start = LogSequenceNumber.valueOf(value(other, "SELECT pg_current_wal_flush_lsn()"));
                try (PGReplicationStream stream = connection.getReplicationAPI().replicationStream().physical()
                        .withStartPosition(start).start()) {
                    execute(other, "SELECT pg_logical_emit_message(true, 'p', repeat('needle', 100))");
                    StringBuilder seen = new StringBuilder();
                    while (seen.indexOf("needleneedle") < 0) {
                        ByteBuffer data = stream.read();
                        seen.append(StandardCharsets.ISO_8859_1.decode(data));
                    }
                    return true;
                }
            }
        });
        test("changes are decoded", words, c -> {
            PGConnection connection = c.unwrap(PGConnection.class);
            try (Connection other = connect(of())) {
                execute(other, "CREATE TABLE decoded (a int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE decoded");
                connection.getReplicationAPI().createReplicationSlot().logical().withSlotName("jdbc")
                    .withOutputPlugin("pgoutput").withTemporaryOption().make();
                try (PGReplicationStream stream = connection.getReplicationAPI().replicationStream().logical()
                        .withSlotName("jdbc").withSlotOption("proto_version", 1)
                        .withSlotOption("publication_names", "p").withStatusInterval(1, TimeUnit.SECONDS).start()) {
                    execute(other, "INSERT INTO decoded SELECT generate_series(1, 50); DROP TABLE decoded");
                    StringBuilder kinds = new StringBuilder();
                    while (kinds.indexOf("C") < 0) {
                        ByteBuffer data = stream.read();
                        kinds.append((char) data.get(data.position()));
                        stream.setAppliedLSN(stream.getLastReceiveLSN());
                        stream.setFlushedLSN(stream.getLastReceiveLSN());
                        stream.forceUpdateStatus();
                    }
                    return kinds;
                }
            }
        });
    }

    // -- what the tests use

    private interface Action {
        void run() throws Exception;
    }

    private static void test(String name, Map<String, String> words, Body body) {
        String line;
        Future<Object> work = EXECUTOR.submit(() -> {
            try (Connection connection = connect(words)) {
                return body.run(connection);
            } catch (SQLException error) {
                return described(error);
            }
        });
        try {
            line = ",\"status\":\"passed\",\"shown\":" + quoted(String.valueOf(work.get(SECONDS, TimeUnit.SECONDS)));
        } catch (TimeoutException error) {
            line = ",\"status\":\"failed\",\"detail\":\"not done in " + SECONDS + " s\"";
        } catch (Exception error) {
            line = ",\"status\":\"failed\",\"detail\":" + quoted(String.valueOf(error.getCause()));
        }
        System.out.println("{\"test\":" + quoted(name) + line + "}");
    }

    private static Connection connect(Map<String, String> words) throws SQLException {
        Properties properties = new Properties();
        properties.putAll(BASE);
        words.forEach(properties::setProperty);
        return DriverManager.getConnection(url, properties);
    }

    /** In an order that is the same each time, since it names a test. */
    private static Map<String, String> of(String... words) {
        Map<String, String> map = new TreeMap<>();
        for (int index = 0; index < words.length; index += 2) {
            map.put(words[index], words[index + 1]);
        }
        return map;
    }

    private static Map<String, String> with(Map<String, String> words, String name, String value) {
        Map<String, String> more = new TreeMap<>(words);
        more.put(name, value);
        return more;
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static String rows(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            return table(statement.executeQuery(sql));
        }
    }

    private static String value(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement(); ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return result.getString(1);
        }
    }

    private static String table(ResultSet result) throws SQLException {
        StringBuilder shown = new StringBuilder();
        ResultSetMetaData columns = result.getMetaData();
        for (int column = 1; column <= columns.getColumnCount(); column++) {
            shown.append(columns.getColumnLabel(column)).append(':').append(columns.getColumnTypeName(column)).append(' ');
        }
        while (result.next()) {
            shown.append('\n');
            for (int column = 1; column <= columns.getColumnCount(); column++) {
                boolean bytes = columns.getColumnType(column) == Types.BINARY && result.getObject(column) != null;
                shown.append(bytes ? Arrays.toString(result.getBytes(column)) : result.getString(column)).append(" | ");
            }
        }
        return shown.toString();
    }

    private static String failure(Action action) {
        try {
            action.run();
            return "no error";
        } catch (SQLException error) {
            return described(error);
        } catch (Exception error) {
            return error.toString();
        }
    }

    private static String described(SQLException error) {
        String told = error.getClass().getSimpleName() + " " + error.getSQLState() + " " + error.getMessage();
        ServerErrorMessage server = error instanceof PSQLException ? ((PSQLException) error).getServerErrorMessage() : null;
        if (server == null) {
            return told;
        }
        return told + Arrays.asList(server.getSeverity(), server.getDetail(), server.getHint(), server.getPosition(),
            server.getWhere(), server.getTable(), server.getColumn(), server.getConstraint(), server.getRoutine());
    }

    private static void ensure(boolean condition) {
        if (!condition) {
            throw new AssertionError("not so");
        }
    }

    private static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (char character : text.toCharArray()) {
            if (character == '"' || character == '\\') {
                json.append('\\').append(character);
            } else if (character < ' ' || character > '~') {
                json.append(String.format("\\u%04x", (int) character));
            } else {
                json.append(character);
            }
        }
        return json.append('"').toString();
    }
}
