/// The SQLSTATE codes that the proxy sends or inspects. Heart: [SqlState].
@org.jspecify.annotations.NullMarked
package org.pgkeel.protocol.sqlstate;
