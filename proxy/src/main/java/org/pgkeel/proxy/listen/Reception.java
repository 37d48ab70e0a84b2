package org.pgkeel.proxy.listen;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.pgkeel.proxy.admin.Console;
import org.pgkeel.proxy.admin.ConsoleSession;
import org.pgkeel.proxy.coalesce.HomeLoop;
import org.pgkeel.proxy.config.DatabaseConfig;
import org.pgkeel.proxy.config.ProxyConfig;
import org.pgkeel.proxy.login.ClientIdentity;
import org.pgkeel.proxy.login.LoginListener;
import org.pgkeel.proxy.login.Replication;
import org.pgkeel.proxy.login.UserSecrets;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.pgkeel.proxy.session.CancelKeys;
import org.pgkeel.proxy.session.ClientSession;
import org.pgkeel.proxy.session.DatabasePool;
import org.pgkeel.proxy.session.Pools;
import org.pgkeel.proxy.session.SessionContext;
import org.pgkeel.proxy.session.SessionMessages;
import org.pgkeel.proxy.settings.Settings;
import org.pgkeel.proxy.settings.StartupSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Meets clients that have proved who they are: the console's go there, the others get a session on their pool.
///
/// Threading: shared; each client is met on its channel's event loop.
public final class Reception implements LoginListener {
    private static final Logger log = LoggerFactory.getLogger(Reception.class);

    private final Supplier<ProxyConfig> config;
    private final Supplier<UserSecrets> secrets;
    private final List<EventLoop> loops;
    private final Function<EventLoop, SessionContext> contextOf;
    private final Pools pools;
    private final CancelKeys cancelKeys;
    private final Admission admission;
    private final Console console;
    private final Set<String> disabled = ConcurrentHashMap.newKeySet();
    private final Set<Guest> guests = ConcurrentHashMap.newKeySet();
    private final SecureRandom random = new SecureRandom();
    private volatile boolean closed;

    /// A client of the console.
    /// @param id what it takes for its backend's process id
    public record Operator(long id, Channel channel, ClientIdentity identity, Instant connectedAt) {}

    /// An operator and what serves it.
    /// @param secret of its cancel key
    private record Guest(Operator operator, byte[] secret, ConsoleSession session) {}

    public Reception(Supplier<ProxyConfig> config, Supplier<UserSecrets> secrets, List<EventLoop> loops, Function<EventLoop, SessionContext> contextOf, Pools pools,
                     CancelKeys cancelKeys, Admission admission, Console console) {
        this.config = config;
        this.secrets = secrets;
        this.loops = List.copyOf(loops);
        this.contextOf = contextOf;
        this.pools = pools;
        this.cancelKeys = cancelKeys;
        this.admission = admission;
        this.console = console;
    }

    /// Databases whose new clients are refused: the console's DISABLE.
    public Set<String> disabled() {
        return disabled;
    }

    /// Who is in the console.
    public Set<Operator> operators() {
        return guests.stream().map(Guest::operator).collect(Collectors.toUnmodifiableSet());
    }

    /// The proxy ends: operators hear of it, and their connections close.
    public void dismissOperators() {
        guests.forEach(guest -> guest.session.shutDown());
    }

    /// From now on nobody comes in but operators.
    public void close() {
        closed = true;
    }

    @Override
    public void authenticated(Channel channel, ClientIdentity identity, ByteBuf early) {
        try {
            meet(channel, identity, early);
        } catch (RuntimeException | Error bug) {
            log.error("client {}: closed after a bug behind its login, or without memory for it", identity.address(), bug);
            channel.close();   // nobody else would: nothing reads from it
        }
    }

    private void meet(Channel channel, ClientIdentity identity, ByteBuf early) {
        if (Console.DATABASES.contains(identity.database())) {
            meetOperator(channel, identity, early);
            return;
        }
        ProxyConfig now = config.get();
        EventLoop home = homeOf(identity, channel, now);
        if (home != channel.eventLoop()) {
            move(channel, home, early, () -> authenticated(channel, identity, early));
            return;
        }
        Optional<DatabaseConfig> database = Pools.database(now, identity.database());
        if (closed) refuse(channel, early, Refusal.of(RefusalReason.SHUTDOWN, "the proxy shuts down"));
        else if (database.isEmpty()) refuse(channel, early, unknownDatabase(identity));
        else if (disabled.contains(identity.database())) refuse(channel, early, Refusal.of(RefusalReason.DATABASE_DISABLED, "database \"" + identity.database() + "\" is disabled"));
        else meetClient(channel, identity, early, now, database.get());
    }

    private static Refusal unknownDatabase(ClientIdentity identity) {
        return Refusal.of(RefusalReason.UNKNOWN_DATABASE, "database \"" + identity.database() + "\" does not exist");
    }

    private EventLoop homeOf(ClientIdentity identity, Channel channel, ProxyConfig now) {
        if (!HomeLoop.isNeeded(now.coalesce(), identity.user())) return channel.eventLoop();
        return loops.get(HomeLoop.of(identity.database(), identity.user(), loops.size()));
    }

    /// Nothing is read from the client meanwhile.
    private void move(Channel channel, EventLoop home, ByteBuf early, Runnable then) {
        var moving = new Moving();
        channel.pipeline().addLast(moving);
        channel.deregister().addListener(_ -> home.execute(() -> {
            channel.config().setRecvByteBufAllocator(contextOf.apply(home).buffers());
            home.register(channel).addListener(registered -> {
                if (!registered.isSuccess()) {   // the client is gone
                    early.release();
                    return;
                }
                channel.pipeline().remove(moving);
                then.run();
            });
        }));
    }

    /// What is read all the same is the end of a client.
    private static final class Moving extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext handler, Object message) {
            ReferenceCountUtil.release(message);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext handler, Throwable cause) {
            handler.close();
        }
    }

    private void meetClient(Channel channel, ClientIdentity identity, ByteBuf early, ProxyConfig now, DatabaseConfig database) {
        boolean replication = Replication.of(identity.startupParameters()).orElse(Replication.NONE) != Replication.NONE;
        Settings startup;
        switch (replication ? new StartupSettings.Understood(Settings.NONE) : StartupSettings.of(identity.startupParameters())) {
            case StartupSettings.Understood(var settings) -> startup = settings;
            case StartupSettings.Invalid(var problem) -> {
                refuse(channel, early, Refusal.of(RefusalReason.BAD_STARTUP_PARAMETER, problem));
                return;
            }
        }
        Optional<Refusal> no = admission.enter(now, database, identity.database(), identity.user());
        if (no.isPresent()) {
            refuse(channel, early, no.get());
            return;
        }
        var secret = secrets.get().fromFile(identity.user());
        Optional<DatabasePool> pool = replication ? pools.replication(identity, secret) : pools.of(identity, secret);
        if (pool.isEmpty()) {   // a reload is under way
            admission.leave(identity.database(), identity.user());
            refuse(channel, early, unknownDatabase(identity));
            return;
        }
        var context = contextOf.apply(channel.eventLoop());
        new ClientSession(context, pool.get(), identity, startup, channel, () -> {
            admission.leave(identity.database(), identity.user());
            pools.leave(pool.get());
        }).start(early);
    }

    private void meetOperator(Channel channel, ClientIdentity identity, ByteBuf early) {
        var role = console.roleOf(identity.user());
        if (role.isEmpty()) {
            refuse(channel, early, Refusal.of(RefusalReason.INSUFFICIENT_PRIVILEGE, "user \"" + identity.user() + "\" may not use the console",
                    "The keys are admin.users and admin.stats-users."));
            return;
        }
        var told = new LinkedHashMap<String, String>();
        for (var parameter : Console.parameters()) told.put(parameter.name(), parameter.value());
        ByteBuf out = channel.alloc().buffer(512);
        int id = random.nextInt(1, Integer.MAX_VALUE);
        byte[] secret = new byte[identity.protocolMinor() >= 2 ? 32 : 4];
        random.nextBytes(secret);
        SessionMessages.greeting(out, told, id, secret);
        channel.writeAndFlush(out, channel.voidPromise());
        var session = console.serve(channel.pipeline(), identity.user(), role.get());
        var guest = new Guest(new Operator(id, channel, identity, Instant.now()), secret, session);
        var stats = contextOf.apply(channel.eventLoop()).stats();
        stats.login("ok");
        guests.add(guest);
        channel.closeFuture().addListener(_ -> {
            guests.remove(guest);
            stats.clientClosed("operator_left");
        });
        // What came behind the login is decrypted already: it goes in above TLS.
        ChannelHandlerContext tls = channel.pipeline().context(SslHandler.class);
        if (tls == null) channel.pipeline().fireChannelRead(early);
        else tls.fireChannelRead(early);
        channel.config().setAutoRead(true);
    }

    private void refuse(Channel channel, ByteBuf early, Refusal refusal) {
        early.release();
        refused(refusal, channel);
        channel.writeAndFlush(SessionMessages.fatal(refusal)).addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void refused(Refusal refusal, Channel channel) {
        var stats = contextOf.apply(channel.eventLoop()).stats();
        stats.login(refusal.reason().word());
        stats.refused(refusal.reason().word());
    }

    @Override
    public CompletionStage<Void> cancel(int pid, byte[] secretKey, Channel channel) {
        Optional<ClientSession> session = cancelKeys.find(pid, secretKey);
        if (session.isEmpty()) {
            guests.stream().filter(guest -> guest.operator.id() == pid && MessageDigest.isEqual(guest.secret, secretKey)).forEach(guest -> guest.session.cancel());
            return CompletableFuture.completedStage(null);
        }
        var done = new CompletableFuture<Void>();
        session.get().channel().eventLoop().execute(() -> session.get().cancel(() -> done.complete(null)));
        return done;
    }
}
