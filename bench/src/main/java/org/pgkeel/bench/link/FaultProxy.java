package org.pgkeel.bench.link;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.SocketChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/// A TCP relay in front of a server that can be told to spoil the connections of some callers, open and new ones alike.
///
/// Threading: shared; all work is done on one event loop, and each method returns when it is done there.
public final class FaultProxy implements AutoCloseable {
    private static final int BIND_AGAIN_AFTER_MS = 5;

    private record Rule(Object key, Predicate<Caller> who, Treatment treatment) {}

    private final InetSocketAddress listen;
    private final InetSocketAddress target;
    private final Introduction introduction;
    private final EventLoopGroup loop;
    private final ServerBootstrap acceptor;
    private final Bootstrap connector;
    /// Confined to the loop, as all that follows.
    private final Set<Relay> relays = new HashSet<>();
    private final List<Rule> rules = new ArrayList<>();
    private Optional<Channel> listener = Optional.empty();
    private boolean closed;
    private volatile boolean serverListens = true;

    /// @param loop one event loop of epoll; a group of more would break the order of events
    public FaultProxy(EventLoopGroup loop, InetSocketAddress listen, InetSocketAddress target, Introduction introduction) throws IOException {
        this.listen = listen;
        this.target = target;
        this.introduction = introduction;
        this.loop = loop;
        connector = new Bootstrap().group(loop).channel(EpollSocketChannel.class).option(ChannelOption.TCP_NODELAY, true).option(ChannelOption.AUTO_READ, false);
        acceptor = new ServerBootstrap().group(loop).channel(EpollServerSocketChannel.class)
                .option(ChannelOption.SO_REUSEADDR, true).option(ChannelOption.SO_BACKLOG, 1_024)
                .childOption(ChannelOption.TCP_NODELAY, true).childOption(ChannelOption.AUTO_READ, false)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel client) {
                        accept(client);
                    }
                });
        try {
            listener = Optional.of(acceptor.bind(listen).sync().channel());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (Exception e) {
            throw new IOException("cannot listen on " + listen + ": " + e.getMessage(), e);
        }
    }

    public InetSocketAddress address() {
        return listen;
    }

    public InetSocketAddress target() {
        return target;
    }

    /// Spoils the connections of some callers until [#heal]. Of several rules for a caller the latest holds.
    ///
    /// @param key names the rule for [#heal]; a rule of the same key is replaced
    public void spoil(Object key, Predicate<Caller> who, Treatment treatment) {
        onLoop(() -> {
            rules.removeIf(rule -> rule.key.equals(key));
            rules.add(new Rule(key, who, treatment));
            apply();
            return null;
        });
        awaitBind();
    }

    /// Ends the rule of this key; nothing happens if there is none.
    public void heal(Object key) {
        onLoop(() -> {
            if (rules.removeIf(rule -> rule.key.equals(key))) apply();
            return null;
        });
        awaitBind();
    }

    /// Follows the server: while it does not listen, nobody listens here either, so that a client is refused as it would be there.
    public void serverListens(boolean listens) {
        if (serverListens == listens) return;
        onLoop(() -> {
            serverListens = listens && !closed;
            listenOrNot();
            return null;
        });
        awaitBind();
    }

    /// Open connections, for tests and logs.
    public int connections() {
        return onLoop(relays::size);
    }

    @Override
    public void close() {
        onLoop(() -> {
            listener.ifPresent(Channel::close);
            listener = Optional.empty();
            serverListens = false;
            closed = true;
            for (Relay relay : List.copyOf(relays)) relay.reset();
            return null;
        });
    }

    private void accept(SocketChannel client) {
        var relay = new Relay(client, introduction, this::treatment, relays::remove);
        relays.add(relay);
        relay.connect(connector, target);
    }

    private void apply() {
        listenOrNot();
        for (Relay relay : List.copyOf(relays)) relay.treat();
    }

    private void listenOrNot() {
        boolean wanted = serverListens && rules.stream().noneMatch(rule -> rule.treatment instanceof Treatment.Refuse);
        if (wanted && listener.isEmpty()) {
            var bound = acceptor.bind(listen);
            listener = Optional.of(bound.channel());
            bound.addListener(_ -> {
                if (!bound.isSuccess()) bindAgain(bound.channel());
            });
        } else if (!wanted && listener.isPresent()) {
            listener.get().close();
            listener = Optional.empty();
        }
    }

    /// The listener before this one has not quite gone yet.
    private void bindAgain(Channel failed) {
        loop.next().schedule(() -> {
            if (listener.filter(failed::equals).isEmpty()) return;
            listener = Optional.empty();
            listenOrNot();
        }, BIND_AGAIN_AFTER_MS, TimeUnit.MILLISECONDS);
    }

    private Treatment treatment(Caller caller) {
        for (Rule rule : rules.reversed()) {
            if (!(rule.treatment instanceof Treatment.Refuse) && rule.who.test(caller)) return rule.treatment;
        }
        return new Treatment.Pass();
    }

    /// A listener is bound by a task of its own: what is done now comes after it.
    private void awaitBind() {
        onLoop(() -> null);
    }

    private <T> T onLoop(Callable<T> work) {
        var executor = loop.next();
        try {
            if (executor.inEventLoop()) return work.call();
            return executor.submit(work).get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
