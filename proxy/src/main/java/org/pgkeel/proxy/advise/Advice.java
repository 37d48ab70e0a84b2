package org.pgkeel.proxy.advise;

import java.util.Locale;

/// One finding.
///
/// @param subject what it is about: a table, an index, a setting
/// @param found   what is
/// @param change  ready SQL, or a line of `proxy.conf`; empty if nothing is to be changed
/// @param gain    what the change gives
/// @param risk    what it may cost
public record Advice(Weight weight, String subject, String found, String change, String gain, String risk) {
    public enum Weight {
        /// Committed rows are in danger.
        DANGER,
        CHANGE,
        /// As it is.
        KEEP;

        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    static Advice change(String subject, String found, String change, String gain, String risk) {
        return new Advice(Weight.CHANGE, subject, found, change, gain, risk);
    }

    static Advice keep(String subject, String found) {
        return new Advice(Weight.KEEP, subject, found, "", "", "");
    }
}
