package org.pgkeel.bench.link;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RelayTest {
    @Test
    void bytes_by_which_a_client_brings_about_the_end_of_its_connection_are_released() {
        var client = new EmbeddedChannel();
        List<Relay> over = new ArrayList<>();
        new Relay(client, Introduction.postgres(Set.of()), caller -> caller instanceof Caller.Client ? new Treatment.Reset() : new Treatment.Pass(), over::add);
        byte[] parameters = "user\0app\0\0".getBytes(StandardCharsets.US_ASCII);
        ByteBuf startup = Unpooled.buffer().writeInt(8 + parameters.length).writeInt(3 << 16).writeBytes(parameters);
        client.writeInbound(startup);
        assertThat(over).hasSize(1);
        assertThat(startup.refCnt()).isZero();
    }
}
