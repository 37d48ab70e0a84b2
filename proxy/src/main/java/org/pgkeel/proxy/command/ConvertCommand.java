package org.pgkeel.proxy.command;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.config.ConfigLoader;
import org.pgkeel.proxy.config.ConfigProblem;
import org.pgkeel.proxy.config.ConfigResult;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `pgkeel convert pgbouncer.ini`: moves a PgBouncer's settings over, and says what it could not move.
@Command(name = "convert", description = "Turn a pgbouncer.ini into a proxy.conf; what has no counterpart is a warning.", mixinStandardHelpOptions = true)
final class ConvertCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(index = "0", paramLabel = "pgbouncer.ini", description = "The file to read.")
    private Path ini = Path.of("pgbouncer.ini");

    @Option(names = "--output", paramLabel = "FILE", description = "A new file to write; without it the result goes to stdout.")
    private @Nullable Path output;

    @Override
    public Integer call() {
        PrintWriter err = spec.commandLine().getErr();
        try {
            PgBouncerIni read = PgBouncerIni.read(ini);
            Path result = output == null ? Files.createTempDirectory("pgkeel").resolve("proxy.conf") : output.toAbsolutePath();
            PgBouncerConversion conversion = PgBouncerConversion.of(read, folder(ini), folder(result));
            return write(conversion, result, err);
        } catch (CharacterCodingException _) {
            err.println("error: " + ini + " is not UTF-8 text");
        } catch (IOException e) {
            err.println("error: cannot read " + ini + ": " + reason(e));
        }
        return ExitCode.NO_INPUT;
    }

    private int write(PgBouncerConversion conversion, Path result, PrintWriter err) {
        try {
            Files.writeString(create(result), conversion.text());
            report(conversion, result, err);
            if (output == null) {
                spec.commandLine().getOut().print(conversion.text());
                spec.commandLine().getOut().flush();
                Files.delete(result);
                Files.delete(folder(result));
            }
            return ExitCode.OK;
        } catch (FileAlreadyExistsException _) {
            err.println("error: " + result + " exists already; name a new file");
        } catch (IOException e) {
            err.println("error: cannot write " + result + ": " + reason(e));
        }
        return ExitCode.CANNOT_CREATE;
    }

    /// The ini may hold passwords, so the result is the owner's alone.
    private static Path create(Path file) throws IOException {
        boolean posix = file.getFileSystem().supportedFileAttributeViews().contains("posix");
        FileAttribute<?>[] owner = posix ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))} : new FileAttribute<?>[0];
        return Files.createFile(file, owner);
    }

    /// What was left out, and what still keeps the result from loading: a users file that is not there, say.
    private static void report(PgBouncerConversion conversion, Path result, PrintWriter err) {
        conversion.warnings().forEach(warning -> err.println("warning: " + warning));
        switch (new ConfigLoader(System.getenv()).load(result)) {
            case ConfigResult.Loaded _ -> {}
            case ConfigResult.Rejected(var problems, _) -> {
                for (ConfigProblem problem : problems) {
                    err.println("warning: to be mended in the result: " + problem.key() + ": " + problem.message());
                }
            }
        }
        err.flush();
    }

    private static Path folder(Path file) {
        Path parent = file.toAbsolutePath().getParent();
        return parent == null ? file.toAbsolutePath() : parent;
    }

    private static String reason(IOException e) {
        return e instanceof NoSuchFileException ? "no such file or folder" : String.valueOf(e.getMessage());
    }
}
