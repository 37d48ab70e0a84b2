package org.pgkeel.bench.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.AccessFlag;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class FaultsTest {
    @Test
    void every_fault_has_a_name_of_its_own_and_a_sentence() {
        assertThat(Faults.all()).extracting(Fault::name).doesNotHaveDuplicates().allMatch(name -> name.matches("[a-z]+(-[a-z]+)*"));
        assertThat(Faults.all()).extracting(Fault::summary).doesNotHaveDuplicates().allMatch(text -> text.length() > 20);
        assertThat(Faults.all()).allMatch(fault -> Faults.named(fault.name()) == fault);
    }

    @Test
    void every_kind_of_fault_is_among_them() {
        Set<Class<?>> kinds = kinds(Fault.class).collect(Collectors.toSet());
        assertThat(Faults.all().stream().map(Object::getClass).collect(Collectors.toSet())).isEqualTo(kinds);
    }

    @Test
    void every_way_of_a_kind_is_among_them() {
        assertThat(names(Freeze.class)).hasSize(Freeze.What.values().length);
        assertThat(names(Cut.class)).hasSize(Cut.From.values().length);
        assertThat(names(Stop.class)).hasSize(Stop.Mode.values().length);
        assertThat(names(DiskFull.class)).hasSize(DiskFull.When.values().length);
        assertThat(names(DcsDown.class)).hasSize(DcsDown.How.values().length);
        assertThat(names(RestSpoilt.class)).hasSize(RestSpoilt.How.values().length);
    }

    @Test
    void a_fault_hides_a_node_only_where_nobody_can_get_past_it() {
        assertThat(hiding(Hides.EVERYBODY)).containsExactly("rest-hangs", "rest-refuses", "rest-nonsense");
        assertThat(hiding(Hides.VICTIM)).containsExactly("cut-from-proxy", "cut-from-everything", "replica-cut", "link-half-open", "link-cut-replies", "link-cut-requests");
    }

    private static List<String> hiding(Hides whom) {
        return Faults.all().stream().filter(fault -> fault.hides() == whom).map(Fault::name).toList();
    }

    private static List<String> names(Class<? extends Fault> kind) {
        return Faults.all().stream().filter(kind::isInstance).map(Fault::name).distinct().toList();
    }

    private static Stream<Class<?>> kinds(Class<?> kind) {
        return kind.accessFlags().contains(AccessFlag.FINAL) ? Stream.of(kind) : Stream.of(kind.getPermittedSubclasses()).flatMap(FaultsTest::kinds);
    }
}
