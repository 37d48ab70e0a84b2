package org.pgkeel.proxy.statement;

/// Why a text has its [Access], in a word for logs and in a sentence for `pgkeel explain`.
///
/// @param word the word, function, relation or operator of the text that decided; empty if it was none alone
public record Why(Reason reason, String word) {
    static final Why ONLY_READS = new Why(Reason.ONLY_READS, "");

    public enum Reason {
        ONLY_READS("it can only read"),
        LOCKS_ROWS("it locks rows"),
        SELECTS_INTO("INTO makes a table"),
        MODIFIES("it modifies rows"),
        FUNCTION_MAY_WRITE("the function is volatile, or something that it rests on is"),
        FUNCTION_UNKNOWN("the function is not known to be harmless"),
        OPERATOR_MAY_WRITE("the operator calls a volatile function"),
        VIEW_MAY_WRITE("the relation rests on a volatile function, by its definition, a policy or a column's type"),
        FOREIGN("the relation is a foreign table or rests on one"),
        UNLOGGED("the relation is unlogged or rests on one that is: replicas do not have its rows"),
        TYPE_MAY_WRITE("the type's checks or casts call a volatile function"),
        TEMPORARY("it names the session's own temporary schema"),
        CATALOGUE_UNKNOWN("the database's catalogue has not been read yet, the relation may be a view that writes"),
        CATALOGUE_UNSAFE("a cast or operator of built-in types calls a volatile function in this database"),
        NODE_STATE("the answer is the node's own"),
        COPY_TO_SERVER("COPY to a file or program of the server"),
        CURSOR("a cursor lives in its transaction"),
        SESSION("it is about the session alone"),
        TRANSACTION("it is transaction control"),
        NOT_A_READ("it is not one of the statements that can only read"),
        UNREADABLE("its text is not understood");

        private final String sentence;

        Reason(String sentence) {
            this.sentence = sentence;
        }

        public String sentence() {
            return sentence;
        }
    }

    @Override
    public String toString() {
        return word.isEmpty() ? reason.sentence() : word + ": " + reason.sentence();
    }
}
