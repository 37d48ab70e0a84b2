package org.pgkeel.proxy.command;

import java.io.PrintWriter;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalTime;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.catalogue.Catalogue;
import org.pgkeel.proxy.config.ConfigLoader;
import org.pgkeel.proxy.config.ConfigResult;
import org.pgkeel.proxy.config.RouteRule;
import org.pgkeel.proxy.config.RoutingConfig;
import org.pgkeel.proxy.route.RouteWords;
import org.pgkeel.proxy.route.RoutingTable;
import org.pgkeel.proxy.route.Traits;
import org.pgkeel.proxy.statement.Classifier;
import org.pgkeel.proxy.statement.Dialect;
import org.pgkeel.proxy.statement.StatementClass;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `pgkeel explain --config FILE 'select ...'`: which rule of `routing` a statement meets, and why no earlier one.
@Command(name = "explain", description = {"Say where a statement would run by the rules of a configuration, and why.",
        "No database is asked: its own functions are not known here, and its relations are taken for plain tables."}, mixinStandardHelpOptions = true)
final class ExplainCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--config", required = true, paramLabel = "FILE", description = "The configuration, see conf/README.md.")
    private Path config = Path.of("proxy.conf");

    @Option(names = {"--user", "-u"}, required = true, paramLabel = "NAME", description = "As whom the client logs in.")
    private String user = "";

    @Option(names = {"--database", "-d"}, required = true, paramLabel = "NAME", description = "The database the client asks for.")
    private String database = "";

    @Option(names = "--application-name", paramLabel = "NAME", description = "The client's application_name.")
    private String application = "";

    @Option(names = "--client-address", paramLabel = "ADDRESS", description = "Where the client comes from; without it from a Unix-domain socket.")
    private @Nullable String address;

    @Option(names = "--time", paramLabel = "HH:MM", description = "The time of the day in the proxy's time zone; without it this moment.")
    private LocalTime time = LocalTime.now();

    @Parameters(index = "0", paramLabel = "STATEMENT", description = "One or more statements, as they would come in one message.")
    private String sql = "";

    @Override
    public Integer call() {
        PrintWriter err = spec.commandLine().getErr();
        InetAddress from = null;
        try {
            from = address == null ? null : InetAddress.ofLiteral(address);
        } catch (IllegalArgumentException _) {
            err.println("error: --client-address: '" + address + "' is no address");
            return ExitCode.USAGE;
        }
        ConfigResult result = new ConfigLoader(System.getenv()).load(config);
        ConfigPrinting.print(result, err);
        return switch (result) {
            case ConfigResult.Rejected _ -> ExitCode.CONFIG;
            case ConfigResult.Loaded loaded -> explain(loaded.config().routing(), from);
        };
    }

    private int explain(RoutingConfig rules, @Nullable InetAddress from) {
        PrintWriter out = spec.commandLine().getOut();
        String bytes = new String(sql.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        StatementClass text = Classifier.classify(bytes, Dialect.USUAL, Catalogue.builtin());
        RouteRule.Statement as = Traits.USUAL.of(text);
        line(out, "statement", RouteWords.word(as));
        line(out, "because", text.why().toString());
        line(out, "relations", list(text.relations()));
        line(out, "functions", list(text.functions()));
        if (!text.hint().isEmpty()) line(out, "hint", text.hint());
        RoutingTable table = RoutingTable.of(rules);
        if (table.isEmpty()) line(out, "rules", "none: everything goes to the primary");
        int minute = time.getHour() * 60 + time.getMinute();
        String destination = "primary, no rule fits";
        for (RoutingTable.Trial trial : table.explain(user, database, application, from, text, as, minute)) {
            String verdict = trial.mismatch().map(mismatch -> "does not fit: " + mismatch).orElse("fits");
            line(out, "rule", trial.rule().name() + " (" + trial.rule().origin() + ") " + verdict);
            if (trial.mismatch().isEmpty()) destination = RouteWords.destination(trial.rule());
        }
        if (!table.isEmpty()) line(out, "goes to", destination);
        out.flush();
        return ExitCode.OK;
    }

    private static String list(List<String> names) {
        return names.isEmpty() ? "none" : String.join(", ", names);
    }

    private static void line(PrintWriter out, String name, String value) {
        out.printf("%-10s %s%n", name, value);
    }
}
