package org.pgkeel.bench.command;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/// A command of `bench/bin`: reads its options, runs, and says in its exit code how it went. Threading: pure functions.
public final class BenchCommand {
    private BenchCommand() {}

    /// What the machine or a process did, an [IOException], is told in a line; anything else is our bug and shows its stack.
    /// @param command   with picocli's annotations
    /// @param arguments see its `--help`; names of choices are read in any case
    /// @return its own exit code; 1 if it did not come to its end, 2 for wrong options
    public static int run(Callable<Integer> command, String... arguments) {
        return new CommandLine(command).setCaseInsensitiveEnumValuesAllowed(true).setExecutionExceptionHandler((failure, line, _) -> {
            if (!(failure instanceof IOException)) throw failure;
            line.getErr().println(line.getCommandName() + ": " + failure.getMessage());
            return 1;
        }).execute(arguments);
    }

    /// @throws ParameterException if one of the names is none of those that are known
    public static void refuseUnknown(CommandSpec spec, String option, List<String> names, List<String> known) {
        List<String> unknown = names.stream().filter(name -> !known.contains(name)).toList();
        if (!unknown.isEmpty()) throw new ParameterException(spec.commandLine(), option + ": " + unknown + " is none of " + known);
    }
}
