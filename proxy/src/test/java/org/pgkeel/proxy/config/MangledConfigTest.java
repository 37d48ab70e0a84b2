package org.pgkeel.proxy.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Replay a run with `-Dpgkeel.seed=N`.
class MangledConfigTest {
    private static final int FILES = 400;
    private static final String[] PIECES = {"{", "}", "[", "]", "=", ",", "\"", "${", "}", "${?X}", "null", "-1", "99999999999999999999", "1e9", "5s", "include ", "\n", "#", ".", "$", "true", "\u00e9", "\u0000", "+="};

    @TempDir
    Path temporary = Path.of("");

    @Test
    void whatever_the_file_holds_the_answer_is_a_configuration_or_its_problems() throws IOException {
        long seed = Long.getLong("pgkeel.seed", new Random().nextLong());
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        String original = String.join("\n", Files.readAllLines(ConfFolderTest.CONF.resolve("proxy.conf")).stream()
                .map(line -> line.matches("#[a-z}].*") ? line.substring(1) : line).filter(line -> !line.strip().startsWith("#")).toList());
        for (int i = 0; i < FILES; i++) {
            Path file = Files.writeString(temporary.resolve("proxy.conf"), mangled(original, random), StandardCharsets.UTF_8);
            ConfigResult result = new ConfigLoader(Map.of()).load(file);
            if (result instanceof ConfigResult.Rejected(var problems, _)) assertThat(problems).as("seed " + seed + ", file " + i).isNotEmpty();
        }
    }

    private static String mangled(String original, Random random) {
        StringBuilder text = new StringBuilder(original);
        for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
            int from = random.nextInt(text.length());
            int to = Math.min(text.length(), from + random.nextInt(12));
            text.replace(from, to, random.nextBoolean() ? PIECES[random.nextInt(PIECES.length)] : "");
        }
        return text.toString();
    }
}
