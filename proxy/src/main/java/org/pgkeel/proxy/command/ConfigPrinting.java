package org.pgkeel.proxy.command;

import java.io.PrintWriter;
import org.pgkeel.proxy.config.ConfigProblem;
import org.pgkeel.proxy.config.ConfigResult;

/// How problems and warnings of a configuration look on a terminal: one line each.
final class ConfigPrinting {
    private ConfigPrinting() {}

    static void print(ConfigResult result, PrintWriter err) {
        for (ConfigProblem warning : result.warnings()) {
            err.println("warning: " + warning);
        }
        if (result instanceof ConfigResult.Rejected(var problems, _)) {
            for (ConfigProblem problem : problems) {
                err.println("error: " + problem);
            }
            err.println(problems.size() == 1 ? "1 problem in the configuration" : problems.size() + " problems in the configuration");
        }
        err.flush();
    }
}
