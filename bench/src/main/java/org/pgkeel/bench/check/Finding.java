package org.pgkeel.bench.check;

import java.util.List;
import java.util.Optional;
import org.pgkeel.bench.history.Operation;

/// One thing that is wrong.
///
/// @param operation that it is about, where it is about one
public record Finding(Defect defect, String what, Optional<Operation> operation) {
    static Finding of(Defect defect, Operation operation, String what) {
        return new Finding(defect, what, Optional.of(operation));
    }

    static Finding of(Defect defect, String what) {
        return new Finding(defect, what, Optional.empty());
    }

    public static long count(List<Finding> findings, Defect defect) {
        return findings.stream().filter(f -> f.defect() == defect).count();
    }
}
