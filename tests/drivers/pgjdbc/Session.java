import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One pgjdbc session: url, user and password, then steps, each an argument.
 *
 *   BEGIN, COMMIT, ROLLBACK     end of or change of autocommit
 *   N:sql[\tparameter]...       execute as a prepared statement with fetchSize N; the same sql
 *                               again reuses its PreparedStatement
 *
 * Prints a JSON line a step: the rows as text, or {"error": sqlstate, "message": ...}.
 */
public class Session {
    private static final Map<String, PreparedStatement> PREPARED = new HashMap<>();

    public static void main(String[] arguments) throws Exception {
        try (Connection connection =
                 DriverManager.getConnection(arguments[0], arguments[1], arguments[2])) {
            for (int index = 3; index < arguments.length; index++) {
                try {
                    System.out.println(step(connection, arguments[index]));
                } catch (SQLException error) {
                    System.out.println("{\"error\":" + quoted(error.getSQLState())
                        + ",\"message\":" + quoted(error.getMessage()) + "}");
                }
            }
        }
    }

    private static String step(Connection connection, String step) throws SQLException {
        switch (step) {
            case "BEGIN" -> connection.setAutoCommit(false);
            case "COMMIT" -> {
                connection.commit();
                connection.setAutoCommit(true);
            }
            case "ROLLBACK" -> {
                connection.rollback();
                connection.setAutoCommit(true);
            }
            default -> {
                return execute(connection, step);
            }
        }
        return "[]";
    }

    private static String execute(Connection connection, String step) throws SQLException {
        int colon = step.indexOf(':');
        String[] parts = step.substring(colon + 1).split("\t");
        PreparedStatement statement = PREPARED.get(parts[0]);
        if (statement == null) {
            statement = connection.prepareStatement(parts[0]);
            PREPARED.put(parts[0], statement);
        }
        statement.setFetchSize(Integer.parseInt(step.substring(0, colon)));
        for (int index = 1; index < parts.length; index++) {
            statement.setString(index, parts[index]);
        }
        List<String> rows = new ArrayList<>();
        if (statement.execute()) {
            try (ResultSet result = statement.getResultSet()) {
                ResultSetMetaData columns = result.getMetaData();
                while (result.next()) {
                    List<String> row = new ArrayList<>();
                    for (int column = 1; column <= columns.getColumnCount(); column++) {
                        row.add(quoted(result.getString(column)));
                    }
                    rows.add("[" + String.join(",", row) + "]");
                }
            }
        }
        return "[" + String.join(",", rows) + "]";
    }

    private static String quoted(String text) {
        if (text == null) {
            return "null";
        }
        StringBuilder json = new StringBuilder("\"");
        for (char character : text.toCharArray()) {
            if (character == '"' || character == '\\') {
                json.append('\\').append(character);
            } else if (character < ' ') {
                json.append(String.format("\\u%04x", (int) character));
            } else {
                json.append(character);
            }
        }
        return json.append('"').toString();
    }
}
