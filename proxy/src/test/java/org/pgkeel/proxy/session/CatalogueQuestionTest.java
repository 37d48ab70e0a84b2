package org.pgkeel.proxy.session;

import static org.assertj.core.api.Assertions.assertThatCode;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CatalogueQuestionTest {
    @ParameterizedTest
    @ValueSource(ints = {Integer.MAX_VALUE, Integer.MAX_VALUE - 11, 2, -1, Integer.MIN_VALUE})
    void a_row_whose_lengths_are_not_true_breaks_nothing(int nameBytes) {
        ByteBuf row = Unpooled.wrappedBuffer(new byte[12]);
        row.clear().writeShort(2).writeInt(1).writeByte('f').writeInt(nameBytes).writeByte('n');
        @SuppressWarnings("NullAway") var question = new CatalogueQuestion(null);
        assertThatCode(() -> question.dataRow(row, 0, 12)).doesNotThrowAnyException();
    }
}
