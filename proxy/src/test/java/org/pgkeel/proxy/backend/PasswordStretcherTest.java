package org.pgkeel.proxy.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.concurrent.ImmediateEventExecutor;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.auth.ChannelBinding;
import org.pgkeel.protocol.auth.ScramClient;

class PasswordStretcherTest {
    private final List<Runnable> stretched = new ArrayList<>();
    private final PasswordStretcher stretcher = new PasswordStretcher(task -> {
        stretched.add(task);
        task.run();
    });

    /// One login's answer to a challenge with this salt and so many iterations, which is checked against one that nobody has remembered.
    private void answers(String password, String work) {
        var proof = new LoginProof("app", ConnectorHarness.password(password), ChannelBinding.NONE, stretcher, new SecureRandom());
        ScramClient scram = proof.begin(List.of("SCRAM-SHA-256"));
        String challenge = "r=" + scram.clientFirst().substring(scram.clientFirst().indexOf("r=") + 2) + "x," + work;
        var answers = new ArrayList<LoginProof.Answered>();
        proof.answer(scram, challenge, ImmediateEventExecutor.INSTANCE, answers::add);
        assertThat(answers).containsExactly(new LoginProof.Answered.Answer(scram.answer(challenge)));
    }

    @Test
    void a_password_is_stretched_once_for_a_salt_and_so_many_iterations() {
        answers("secret", "s=c2FsdA==,i=10");
        answers("secret", "s=c2FsdA==,i=10");
        assertThat(stretched).hasSize(1);
    }

    @Test
    void another_password_salt_or_number_of_iterations_is_another_work() {
        answers("secret", "s=c2FsdA==,i=10");
        answers("other", "s=c2FsdA==,i=10");
        answers("secret", "s=c2FsdDI=,i=10");
        answers("secret", "s=c2FsdA==,i=11");
        assertThat(stretched).hasSize(4);
    }
}
