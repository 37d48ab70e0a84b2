package org.pgkeel.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.Close;
import org.pgkeel.protocol.frontend.Describe;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.protocol.frontend.Target;
import org.pgkeel.proxy.prepare.SharedStatement;

class AnsweredNamesTest {
    private static final FrontendMessage[] BATCH = {new Parse("a", "select 1", List.of()), new Describe(Target.STATEMENT, "a"), new Bind("", "a", List.of(), List.of(), List.of()),
            new Execute("", 0), new Parse("", "select 2", List.of()), new Close(Target.PORTAL, ""), new Close(Target.STATEMENT, "b"), new Close(Target.STATEMENT, ""), Sync.INSTANCE};

    /// What becomes of the names, in words.
    private static List<String> kept(int replies, FrontendMessage... batch) {
        ByteBuf out = Unpooled.buffer();
        for (FrontendMessage message : batch) message.encode(out);
        var said = new ArrayList<String>();
        AnsweredNames.keep(ByteBufUtil.getBytes(out), out.readableBytes(), replies, new AnsweredNames.Statements() {
            @Override
            public @Nullable SharedStatement get(ByteBuf in, int from, int to) {
                return null;
            }

            @Override
            public void keepName(ByteBuf in, int nameFrom, int nameTo, int text, int next) {
                said.add(in.toString(nameFrom, nameTo - nameFrom, StandardCharsets.US_ASCII) + ": " + in.toString(text, in.indexOf(text, next, (byte) 0) - text, StandardCharsets.US_ASCII));
            }

            @Override
            public boolean keepNewName(ByteBuf in, int nameFrom, int nameTo, int text, int next) {
                throw new AssertionError("its text is known to be right");
            }

            @Override
            public void remove(byte[] name) {
                said.add("no " + new String(name, StandardCharsets.US_ASCII));
            }

            @Override
            public void keepUnnamed(ByteBuf in, int text, int next) {
                said.add("unnamed: " + in.toString(text, in.indexOf(text, next, (byte) 0) - text, StandardCharsets.US_ASCII));
            }

            @Override
            public void forgetUnnamed() {
                said.add("no unnamed");
            }
        });
        return said;
    }

    @Test
    void names_change_as_far_as_the_client_was_told() {
        List<String> all = List.of("a: select 1", "unnamed: select 2", "no b", "no unnamed");
        assertThat(kept(0, BATCH)).isEmpty();
        for (int replies = 1; replies <= 5; replies++) assertThat(kept(replies, BATCH)).as("%d replies", replies).isEqualTo(all.subList(0, 1));
        for (int replies = 6; replies <= 7; replies++) assertThat(kept(replies, BATCH)).as("%d replies", replies).isEqualTo(all.subList(0, 2));
        assertThat(kept(8, BATCH)).isEqualTo(all.subList(0, 3));
        assertThat(kept(9, BATCH)).isEqualTo(all);
        assertThat(kept(Integer.MAX_VALUE, BATCH)).isEqualTo(all);
    }

    @Test
    void a_query_ends_the_unnamed_statement() {
        assertThat(kept(1, new Query("select 1"))).containsExactly("no unnamed");
    }
}
