package org.pgkeel.proxy.route;

import java.util.Collection;
import java.util.List;

/// Why a rule does not fit: a condition, what it wanted, and what was there.
///
/// @param condition the key below `when`
/// @param is        what was there; empty if nothing
public record Mismatch(String condition, String is, List<String> wanted) {
    Mismatch(String condition, String is, Collection<String> wanted) {
        this(condition, is, List.copyOf(wanted));
    }

    @Override
    public String toString() {
        return condition + " is " + (is.isEmpty() ? "none" : is) + ", wanted " + String.join(" or ", wanted);
    }
}
