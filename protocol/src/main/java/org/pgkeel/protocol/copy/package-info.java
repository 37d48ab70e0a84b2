/// Rows as COPY in text format has them.
/// Heart: [CopyText]. Read: [BinaryValue] (values that a client sent in binary), [BinaryArray], [BinaryNetwork], [BinaryNumeric], [BinaryRange], [BinaryTime]. Depends on nothing. Used by `insert`.
/// Threading: pure functions.
@NullMarked
package org.pgkeel.protocol.copy;

import org.jspecify.annotations.NullMarked;
