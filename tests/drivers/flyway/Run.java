import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;

/**
 * Runs one Flyway command with the flyway.conf of the current directory, as the command line does.
 * Flyway logs to standard error; what a command returns goes to standard output.
 */
public class Run {
    public static void main(String[] arguments) throws Exception {
        Properties configuration = new Properties();
        try (Reader file = Files.newBufferedReader(Path.of("flyway.conf"))) {
            configuration.load(file);
        }
        System.setProperty("java.util.logging.SimpleFormatter.format", "%4$s: %5$s%n");
        Flyway flyway = Flyway.configure().configuration(configuration).load();
        try {
            run(flyway, arguments[0]);
        } catch (FlywayException failure) {
            System.err.println("ERROR: " + failure.getMessage());
            System.exit(1);
        }
    }

    private static void run(Flyway flyway, String command) {
        switch (command) {
            case "migrate" -> System.out.println(flyway.migrate().migrationsExecuted);
            case "info" -> {
                for (MigrationInfo migration : flyway.info().all()) {
                    System.out.println(migration.getVersion() + "\t" + migration.getDescription() + "\t"
                        + migration.getState().getDisplayName());
                }
            }
            case "validate" -> flyway.validate();
            case "repair" -> flyway.repair();
            case "clean" -> flyway.clean();
            case "baseline" -> flyway.baseline();
            default -> throw new IllegalArgumentException(command);
        }
    }
}
