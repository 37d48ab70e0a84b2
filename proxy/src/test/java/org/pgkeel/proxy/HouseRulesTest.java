package org.pgkeel.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.Instruction;
import java.lang.classfile.MethodModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.reflect.AccessFlag;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The house's order, read from the class files of the three modules and from their sources.
class HouseRulesTest {
    /// From the top of the hill to its foot. A package depends on packages of lower lines only; packages of one line are strangers.
    private static final List<Set<String>> DOWNHILL = List.of(
            Set.of("proxy"),
            Set.of("proxy.command"),
            Set.of("proxy.server"),
            Set.of("proxy.listen"),
            Set.of("proxy.session"),
            Set.of("proxy.coalesce"),
            Set.of("proxy.relay"),
            Set.of("proxy.prepare", "proxy.login", "proxy.pool", "proxy.cluster", "proxy.census", "proxy.advise"),
            Set.of("proxy.settings", "proxy.backend", "proxy.admin", "proxy.route", "proxy.insert"),
            Set.of("proxy.statement", "proxy.tls", "proxy.transport", "proxy.refusal", "proxy.observe", "proxy.embedded"),
            Set.of("proxy.config", "proxy.catalogue"),
            Set.of("protocol", "failover"));
    private static final Pattern OWN = Pattern.compile("org/pgkeel/((?:proxy|protocol|failover)(?:/[a-z]+)?)(?:/[a-z]+)*/[A-Z]");
    private static final Set<String> BANNED_ENDINGS = Set.of("Manager", "Helper", "Util", "Utils", "Impl", "Base", "Data", "Info");
    private static final Set<String> WORDS_OF_POSTGRESQL = Set.of("CopyData", "BackendKeyData", "NoData");
    private static final List<ClassModel> CLASSES = Stream.of("org/pgkeel/proxy/Main.class", "org/pgkeel/protocol/wire/ProtocolViolation.class",
            "org/pgkeel/failover/topology/package-info.class").flatMap(HouseRulesTest::module).toList();

    @Test
    void dependencies_run_downhill_only() {
        var uphill = new TreeMap<String, Set<String>>();
        var seen = new TreeSet<String>();
        for (var model : CLASSES) {
            String from = name(model);
            int level = level(room(from));
            for (String to : references(model)) {
                seen.add(room(from) + " -> " + room(to));
                if (!room(to).equals(room(from)) && level(room(to)) <= level) {
                    uphill.computeIfAbsent(room(from) + " -> " + room(to), _ -> new TreeSet<>()).add(simple(from) + " -> " + simple(to));
                }
            }
        }
        assertThat(uphill).isEmpty();
        assertThat(seen).contains("proxy -> proxy.command", "proxy.session -> proxy.relay", "proxy.relay -> proxy.pool", "proxy.relay -> protocol");
    }

    @Test
    void every_package_has_its_place_in_the_order() {
        Set<String> rooms = CLASSES.stream().map(model -> room(name(model))).collect(Collectors.toCollection(TreeSet::new));
        assertThat(rooms).allMatch(room -> level(room) >= 0);
        assertThat(rooms).containsAll(DOWNHILL.stream().flatMap(Set::stream).toList());
    }

    @Test
    void every_package_has_a_short_map() {
        var poor = new ArrayList<String>();
        for (Path folder : packages()) {
            Path map = folder.resolve("package-info.java");
            if (!Files.exists(map)) {
                poor.add(folder + ": no package-info.java");
                continue;
            }
            List<String> lines = lines(map);
            if (lines.size() > 12) poor.add(map + ": " + lines.size() + " lines");
            if (lines.stream().noneMatch(line -> line.contains("@org.jspecify.annotations.NullMarked") || line.equals("@NullMarked"))) {
                poor.add(map + ": not @NullMarked");
            }
            if (!lines.getFirst().startsWith("///")) poor.add(map + ": does not begin with its sentence");
        }
        assertThat(poor).isEmpty();
    }

    @Test
    void what_a_map_links_to_is_there() {
        Pattern link = Pattern.compile("\\[([A-Z]\\w*)]");
        var lost = new ArrayList<String>();
        for (Path folder : packages()) {
            for (String line : lines(folder.resolve("package-info.java"))) {
                Matcher names = link.matcher(line);
                while (names.find()) {
                    if (!Files.exists(folder.resolve(names.group(1) + ".java"))) lost.add(folder.getFileName() + ": " + names.group(1));
                }
            }
        }
        assertThat(lost).isEmpty();
    }

    @Test
    void no_class_has_a_name_that_says_nothing() {
        assertThat(CLASSES.stream().map(HouseRulesTest::name)
                .filter(name -> BANNED_ENDINGS.stream().anyMatch(name::endsWith))
                .filter(name -> !WORDS_OF_POSTGRESQL.contains(simple(name)))).isEmpty();
    }

    @Test
    void no_static_state_can_change() {
        Set<String> mutable = new TreeSet<>();
        for (var model : CLASSES) {
            for (var field : model.fields()) {
                boolean isStatic = field.flags().has(AccessFlag.STATIC);
                boolean made = field.flags().has(AccessFlag.SYNTHETIC);
                if (isStatic && !made && !field.flags().has(AccessFlag.FINAL)) mutable.add(name(model) + "." + field.fieldName().stringValue());
            }
        }
        assertThat(mutable).isEmpty();
    }

    @Test
    void decisions_do_not_read_the_wall_clock() {
        Predicate<InvokeInstruction> wallClock = call -> switch (call.owner().asInternalName() + "." + call.name().stringValue()) {
            case "java/lang/System.currentTimeMillis", "java/time/Instant.now", "java/time/LocalDateTime.now", "java/time/Clock.systemUTC" -> true;
            default -> false;
        };
        assertThat(callers(Set.of("proxy.relay", "proxy.pool", "proxy.session", "proxy.prepare", "proxy.settings", "proxy.statement"), wallClock)).isEmpty();
    }

    @Test
    void no_event_loop_sleeps() {
        Predicate<InvokeInstruction> sleeps = call -> switch (call.owner().asInternalName() + "." + call.name().stringValue()) {
            case "java/lang/Thread.sleep", "java/lang/Object.wait", "java/util/concurrent/CompletableFuture.join" -> true;
            default -> false;
        };
        assertThat(callers(Set.of("proxy.relay", "proxy.pool", "proxy.session", "proxy.prepare", "proxy.settings", "proxy.statement",
                "proxy.listen", "proxy.login", "proxy.backend"), sleeps)).isEmpty();
    }

    @Test
    void the_failover_module_knows_neither_netty_nor_the_wire() {
        var foreign = new TreeSet<String>();
        for (var model : CLASSES) {
            if (!room(name(model)).equals("failover")) continue;
            for (String to : references(model)) if (to.startsWith("io/netty") || to.startsWith("org/pgkeel/protocol")) foreign.add(name(model) + " -> " + to);
        }
        assertThat(foreign).isEmpty();
    }

    // --- class files

    private static Set<String> callers(Set<String> rooms, Predicate<InvokeInstruction> forbidden) {
        var found = new TreeSet<String>();
        for (var model : CLASSES) {
            if (!rooms.contains(room(name(model)))) continue;
            for (MethodModel method : model.methods()) {
                method.code().ifPresent(code -> code.forEach(element -> {
                    if (element instanceof Instruction instruction && instruction instanceof InvokeInstruction call && forbidden.test(call)) {
                        found.add(name(model) + "." + method.methodName().stringValue() + " calls " + call.name().stringValue());
                    }
                }));
            }
        }
        return found;
    }

    /// Every own class that this class file names: in its constants, its descriptors and its signatures.
    private static Set<String> references(ClassModel model) {
        var found = new TreeSet<String>();
        for (var entry : model.constantPool()) {
            String text = switch (entry) {
                case ClassEntry named -> named.asInternalName();
                case Utf8Entry utf8 -> utf8.stringValue();
                default -> "";
            };
            Matcher names = Pattern.compile("(?:org/pgkeel|io/netty)/[\\w/$]+").matcher(text);
            while (names.find()) if (names.group().startsWith("io/netty") || OWN.matcher(names.group()).find()) found.add(names.group());
        }
        found.removeIf(name -> name.startsWith("io/netty") && !room(name(model)).equals("failover"));
        return found;
    }

    private static Stream<ClassModel> module(String one) {
        try {
            URL url = Optional.ofNullable(HouseRulesTest.class.getClassLoader().getResource(one)).orElseThrow(() -> new IllegalStateException("no " + one));
            if (url.getProtocol().equals("file")) return classes(Path.of(url.toURI()), one);
            // A module that was packaged in the same build comes as a jar.
            try (var jar = FileSystems.newFileSystem(url.toURI(), Map.of())) {
                return classes(jar.getPath(one), one);
            }
        } catch (IOException | URISyntaxException broken) {
            throw new IllegalStateException(broken);
        }
    }

    /// @param known one of the module's entries, and where it is
    private static Stream<ClassModel> classes(Path where, String known) throws IOException {
        Path root = where.toAbsolutePath();
        for (int i = 0; i < known.split("/").length; i++) root = root.getParent();
        try (var files = Files.walk(root)) {
            return files.filter(file -> file.toString().endsWith(".class")).map(HouseRulesTest::parse).toList().stream();
        }
    }

    private static ClassModel parse(Path file) {
        try {
            return ClassFile.of().parse(file);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    private static String name(ClassModel model) {
        return model.thisClass().asInternalName();
    }

    private static String simple(String name) {
        return name.substring(name.lastIndexOf('/') + 1);
    }

    /// The package as the order names it: modules other than the proxy are one room.
    private static String room(String className) {
        String[] parts = className.split("/");
        if (parts.length < 4 || !parts[1].equals("pgkeel")) return className;
        return parts[2].equals("proxy") && parts.length > 4 ? "proxy." + parts[3] : parts[2];
    }

    private static int level(String room) {
        for (int i = 0; i < DOWNHILL.size(); i++) if (DOWNHILL.get(i).contains(room)) return i;
        return -1;
    }

    // --- sources

    private static Collection<Path> packages() {
        try (var files = Files.walk(Path.of("src/main/java/org/pgkeel/proxy"))) {
            return files.filter(file -> file.toString().endsWith(".java")).map(Path::getParent)
                    .filter(folder -> !folder.endsWith(Path.of("org/pgkeel/proxy"))).collect(Collectors.toCollection(TreeSet::new));
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }
}
