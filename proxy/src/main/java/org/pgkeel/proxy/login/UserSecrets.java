package org.pgkeel.proxy.login;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.pgkeel.protocol.auth.ScramVerifier;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.proxy.config.AuthConfig;
import org.pgkeel.proxy.config.Secret;

/// Where the secrets of users come from: the users file, else the auth-query. Answers of the query are kept for `cache-for`,
/// one question at a time per user; when PostgreSQL cannot be asked, the last answer counts, however old: a failover does not
/// lock out who was known before it.
/// Threading: shared; immutable but for bounded caches that guard themselves.
public final class UserSecrets {
    /// Users whose answers and stretched passwords are kept, if their names are of usual length.
    static final int CACHED_USERS_MAX = 10_000;
    /// Who has proved nothing yet may send names that fill a startup packet: longer ones than this take the room of several.
    private static final int USUAL_NAME_CHARS = 64;
    private static final int CACHED_CHARS_MAX = CACHED_USERS_MAX * USUAL_NAME_CHARS;
    private static final int MOCK_SECRET_BYTES = 32;
    /// Stretched in the name of a user who does not exist: only the work counts.
    private static final Secret STAND_IN = new Secret("stand-in");

    /// @param database empty where the query runs in one database, whoever asks
    private record Question(String user, String database) {
        int chars() {
            return Math.max(USUAL_NAME_CHARS, user.length() + database.length());
        }
    }

    private sealed interface Reply {
        record Known(Optional<StoredSecret> secret) implements Reply {}

        record Unavailable(Throwable failure) implements Reply {}
    }

    private record Stretching(String user, Secret password) {
        int chars() {
            return Math.max(USUAL_NAME_CHARS, user.length());
        }
    }

    private final UsersFile file;
    private final Optional<AuthConfig.AuthQuery> asked;
    private final Optional<AuthQuery> query;
    private final boolean queryPerDatabase;
    private final Executor helper;
    private final Octets mockSecret;
    private final int mockIterations;
    private final boolean unknownUsersAreStretched;
    private final AsyncCache<Question, Reply> answers;
    private final Cache<Question, Optional<StoredSecret>> lastAnswers;
    private final AsyncCache<Stretching, ScramVerifier> stretched;

    private UserSecrets(UsersFile file, AuthConfig config, Optional<AuthQuery> query, Executor helper, Octets mockSecret,
                        AsyncCache<Stretching, ScramVerifier> stretched, Cache<Question, Optional<StoredSecret>> lastAnswers) {
        this.file = file;
        this.asked = config.query();
        this.query = config.query().isPresent() ? query : Optional.empty();
        this.queryPerDatabase = config.query().flatMap(AuthConfig.AuthQuery::database).isEmpty();
        this.helper = helper;
        this.mockSecret = mockSecret;
        this.mockIterations = mostFrequentIterations(file);
        // Where PostgreSQL is asked it has verifiers, and the file the password of who asks.
        this.unknownUsersAreStretched = config.query().isEmpty() && mostArePlain(file);
        this.stretched = stretched;
        Duration cacheFor = config.query().map(AuthConfig.AuthQuery::cacheFor).orElse(Duration.ZERO);
        this.answers = Caffeine.newBuilder().maximumWeight(CACHED_CHARS_MAX).weigher((Question question, Reply _) -> question.chars())
                .expireAfterWrite(cacheFor).executor(helper).buildAsync();
        this.lastAnswers = lastAnswers;
    }

    /// @param query  used if `auth.query` is configured
    /// @param helper stretches passwords, which takes milliseconds: not an event loop
    /// @throws BrokenUsersFile if the file cannot be used
    public static UserSecrets load(AuthConfig config, Optional<AuthQuery> query, Executor helper) {
        byte[] mockSecret = new byte[MOCK_SECRET_BYTES];
        new SecureRandom().nextBytes(mockSecret);
        AsyncCache<Stretching, ScramVerifier> stretched = Caffeine.newBuilder().maximumWeight(CACHED_CHARS_MAX)
                .weigher((Stretching stretching, ScramVerifier _) -> stretching.chars()).executor(helper).buildAsync();
        return new UserSecrets(readFile(config), config, query, helper, Octets.of(mockSecret), stretched, noAnswers(helper));
    }

    private static Cache<Question, Optional<StoredSecret>> noAnswers(Executor helper) {
        return Caffeine.newBuilder().maximumWeight(CACHED_CHARS_MAX).weigher((Question question, Optional<StoredSecret> _) -> question.chars()).executor(helper).build();
    }

    /// The same after a reload: the file is read again and the query is asked again. The salts that unknown users are shown
    /// stay, for those of real users do too; and what the same query has answered last, for when it cannot be asked.
    /// @throws BrokenUsersFile if the file cannot be used; this object stays as it is
    public UserSecrets reloaded(AuthConfig config, Optional<AuthQuery> query) {
        return new UserSecrets(readFile(config), config, query, helper, mockSecret, stretched, config.query().equals(asked) ? lastAnswers : noAnswers(helper));
    }

    private static UsersFile readFile(AuthConfig config) {
        return config.usersFile().map(UsersFile::load).orElseGet(UsersFile::empty);
    }

    /// What the users file has; the proxy's own logins (auth-query, administrative queries) look here.
    public Optional<StoredSecret> fromFile(String user) {
        return Optional.ofNullable(file.secrets().get(user));
    }

    /// The password with which the proxy itself logs in to run the auth-query.
    /// @throws BrokenUsersFile if the users file does not have it; the message names the key
    public Secret passwordOf(AuthConfig.AuthQuery asking) {
        return switch (fromFile(asking.user()).orElse(null)) {
            case StoredSecret.Plain(var password) -> password;
            case StoredSecret.Scram _ -> throw noPassword(asking, "a SCRAM verifier");
            case StoredSecret.Md5 _ -> throw noPassword(asking, "an md5 hash");
            case null -> throw noPassword(asking, "no secret");
        };
    }

    private static BrokenUsersFile noPassword(AuthConfig.AuthQuery asking, String instead) {
        return new BrokenUsersFile("auth.auth-query.user: the users file has " + instead + " for \"" + asking.user() + "\"; the proxy logs in as this user and needs the password");
    }

    /// The secret of a user, if the user is known. Fails if PostgreSQL cannot be asked and never answered before.
    public CompletionStage<Optional<StoredSecret>> lookup(String user, String database) {
        Optional<StoredSecret> filed = fromFile(user);
        if (filed.isPresent() || query.isEmpty()) return CompletableFuture.completedStage(filed);
        var question = new Question(user, queryPerDatabase ? database : "");
        return answers.get(question, (_, _) -> ask(query.get(), question, database)).thenCompose(reply -> switch (reply) {
            case Reply.Known(var secret) -> CompletableFuture.completedStage(secret);
            case Reply.Unavailable(var failure) -> {
                answers.synchronous().invalidate(question);
                Optional<StoredSecret> last = lastAnswers.getIfPresent(question);
                yield last == null ? CompletableFuture.failedStage(failure) : CompletableFuture.completedStage(last);
            }
        });
    }

    private CompletableFuture<Reply> ask(AuthQuery asked, Question question, String database) {
        CompletionStage<Optional<StoredSecret>> answer;
        try {
            answer = asked.lookup(question.user(), database);
        } catch (RuntimeException unable) {
            answer = CompletableFuture.failedStage(unable);
        }
        return answer.<Reply>handle((known, failure) -> {
            if (failure != null) return new Reply.Unavailable(failure);
            lastAnswers.put(question, known);
            return new Reply.Known(known);
        }).toCompletableFuture();
    }

    /// The verifier to run a SCRAM exchange with; one that never succeeds if there is no secret that SCRAM can use. Both take
    /// the same way and time: where the passwords of most users have to be stretched, that of an unknown user is, too.
    CompletionStage<ScramVerifier> verifier(String user, Optional<StoredSecret> secret) {
        if (secret.isPresent()) {
            switch (secret.get()) {
                case StoredSecret.Scram(var verifier) -> {
                    return CompletableFuture.completedStage(verifier);
                }
                case StoredSecret.Plain(var password) -> {
                    return stretch(new Stretching(user, password));
                }
                case StoredSecret.Md5 _ -> { }
            }
        }
        ScramVerifier mock = ScramVerifier.mock(mockSecret, user, mockIterations);
        return unknownUsersAreStretched
                ? stretch(new Stretching(user, STAND_IN)).thenApply(_ -> mock)
                : CompletableFuture.completedStage(mock);
    }

    private CompletableFuture<ScramVerifier> stretch(Stretching stretching) {
        return stretched.get(stretching, (key, _) -> CompletableFuture.supplyAsync(() -> ScramVerifier.derive(
                key.password().reveal(), ScramVerifier.saltOf(mockSecret, key.user()), ScramVerifier.ITERATIONS_DEFAULT), helper));
    }

    /// Which exchange `method = md5` shows a user who does not exist: the one that most users of the file get.
    boolean unknownUsersGetMd5() {
        long scram = file.secrets().values().stream().filter(StoredSecret.Scram.class::isInstance).count();
        return file.secrets().size() > 2 * scram;
    }

    Executor helper() {
        return helper;
    }

    private static boolean mostArePlain(UsersFile file) {
        long plain = file.secrets().values().stream().filter(StoredSecret.Plain.class::isInstance).count();
        return 2 * plain > file.secrets().size();
    }

    private static int mostFrequentIterations(UsersFile file) {
        return file.secrets().values().stream()
                .filter(StoredSecret.Scram.class::isInstance).map(secret -> ((StoredSecret.Scram) secret).verifier().iterations())
                .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()))
                .entrySet().stream().max(Map.Entry.comparingByValue()).map(Map.Entry::getKey)
                .orElse(ScramVerifier.ITERATIONS_DEFAULT);
    }
}
