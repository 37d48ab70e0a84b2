package org.pgkeel.proxy.pool;

import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.hold.Hold;
import org.pgkeel.failover.topology.NodeAddress;

/// One pool: what its slices have in common. Each event loop owns a slice and works on it without a lock; only a slice
/// that has clients waiting and may not open another connection is noticed by its siblings.
///
/// Threading: shared; fields are volatile or atomic.
///
/// @param <C> the connections of the pool
public final class SharedPool<C extends PooledConnection> {
    private final PoolKey key;
    private final List<BackendBudget> budgets;
    private final BackendBudget own;
    /// Of the servers that the pool connects to.
    private LeaseGate servers;
    /// Of an operator who has paused the database, until all have been drained who were held by it.
    private @Nullable LeaseGate byHand;
    /// The one of the two that counts now.
    private volatile LeaseGate gate;
    private final List<PoolSlice<C>> slices;
    private final Hunger hunger;
    private volatile PoolSettings settings;
    private volatile boolean paused;
    private final AtomicInteger epoch = new AtomicInteger();
    private final LongSupplier nanoClock;
    private final Opener<C> opener;
    /// Of the pool to the primary, with which those to the replicas have it in common.
    private final AtomicInteger catalogGeneration;
    private volatile boolean retired;
    private volatile long vacatedUntilNanos;
    private volatile boolean keepsMinimum = true;

    /// @param own    the pool's own limit
    /// @param others limits that it shares with other pools: of its database, of its user
    /// @param loops  one slice is made for each
    /// @param gate   whether the server that it connects to may be used
    public SharedPool(PoolKey key, PoolSettings settings, BackendBudget own, List<BackendBudget> others, LeaseGate gate, List<EventLoop> loops, Opener<C> opener) {
        this(key, settings, own, others, gate, loops, opener, System::nanoTime);
    }

    /// @param nanoClock the time of what one slice asks of another
    SharedPool(PoolKey key, PoolSettings settings, BackendBudget own, List<BackendBudget> others, LeaseGate gate, List<EventLoop> loops, Opener<C> opener,
               LongSupplier nanoClock) {
        this(key, settings, own, others, gate, loops, opener, nanoClock, new AtomicInteger());
    }

    private SharedPool(PoolKey key, PoolSettings settings, BackendBudget own, List<BackendBudget> others, LeaseGate gate, List<EventLoop> loops, Opener<C> opener,
                       LongSupplier nanoClock, AtomicInteger catalogGeneration) {
        this.key = key;
        this.servers = gate;
        this.opener = opener;
        this.catalogGeneration = catalogGeneration;
        this.gate = gate;
        this.nanoClock = nanoClock;
        this.vacatedUntilNanos = nanoClock.getAsLong();
        this.settings = settings;
        this.own = own;
        var all = new ArrayList<BackendBudget>();
        all.add(own);
        all.addAll(others);
        this.budgets = List.copyOf(all);
        this.hunger = new Hunger(loops.size());
        var made = new ArrayList<PoolSlice<C>>();
        for (int i = 0; i < loops.size(); i++) {
            made.add(new PoolSlice<>(this, i, loops.get(i), opener));
        }
        this.slices = List.copyOf(made);
        for (BackendBudget other : others) other.join(this);
    }

    /// A pool of the same database and user to one of the replicas: with a limit of its own, under the same limits of the database and
    /// the user. No hold concerns it.
    public SharedPool<C> toReplica(NodeAddress node) {
        return new SharedPool<>(new PoolKey(key.database(), key.user(), Optional.of(node)), settings, new BackendBudget(settings.shape().max()),
                budgets.subList(1, budgets.size()), LeaseGate.alwaysOpen(), slices.stream().map(PoolSlice::eventLoop).toList(), opener, nanoClock, catalogGeneration);
    }

    /// The pool lends nothing any more: whoever waits is refused, idle connections are closed, lent ones when they come back.
    public void retire() {
        retired = true;
        for (BackendBudget budget : budgets) budget.quit(this);
        recycle();
        for (var slice : slices) slice.eventLoop().execute(slice::retire);
    }

    boolean isRetired() {
        return retired;
    }

    void yieldIdle() {
        for (var slice : slices) slice.eventLoop().execute(slice::yieldIdle);
    }

    public PoolKey key() {
        return key;
    }

    public List<PoolSlice<C>> slices() {
        return slices;
    }

    public PoolSlice<C> slice(int loop) {
        return slices.get(loop);
    }

    public PoolSettings settings() {
        return settings;
    }

    /// A reload changed the settings; they hold from the next decision on.
    public void settings(PoolSettings changed) {
        settings = changed;
        own.setMax(changed.shape().max());
    }

    /// How long one may wait for it now.
    public WaitLimit waitLimit() {
        return new WaitLimit(gate(), settings().shape().maxWait());
    }

    /// Whether the pool lends.
    public LeaseGate gate() {
        return gate;
    }

    /// A reload moved the pool to another cluster.
    public synchronized void gate(LeaseGate other) {
        servers = other;
        holdChanged();
    }

    /// A gate has changed. That of a pause comes first, but a drain after it stands back when there is no server.
    public synchronized void holdChanged() {
        LeaseGate before = gate;
        LeaseGate next = byHand != null && (paused || servers.isOpen()) ? byHand : servers;
        gate = next;
        for (var slice : slices) {
            slice.eventLoop().execute(() -> {
                if (before != next) before.waitsNoMore(slice);
                slice.holdChanged();
            });
        }
    }

    /// The pool connects elsewhere from now on: connections opened before are ended, those that are lent included.
    public void fence() {
        epoch.incrementAndGet();
        for (var slice : slices) slice.eventLoop().execute(slice::fence);
    }

    /// There is a server to connect to.
    boolean mayOpen() {
        return gate.isOpen() || gate.hold() instanceof Hold.Draining;
    }

    /// No connection is lent while this is so; clients wait.
    public boolean paused() {
        return paused;
    }

    /// Stops lending. Idle connections are closed.
    /// @param by holds who comes now
    public synchronized void pause(LeaseGate by) {
        paused = true;
        byHand = by;
        holdChanged();
        for (var slice : slices) slice.eventLoop().execute(slice::closeIdle);
    }

    /// Lends nothing any more, and closes what comes back.
    public synchronized void stop() {
        paused = true;
        for (BackendBudget budget : budgets) budget.quit(this);
        for (var slice : slices) slice.eventLoop().execute(slice::closeIdle);
    }

    /// Lends again, at the pace of the gate that held.
    public synchronized void resume() {
        paused = false;
        holdChanged();
    }

    /// All have been drained that were held by a pause.
    public synchronized void resumed() {
        if (paused) return;
        byHand = null;
        holdChanged();
    }

    /// Connections opened before now are closed when they are given back.
    public void recycle() {
        epoch.incrementAndGet();
        for (var slice : slices) slice.eventLoop().execute(slice::closeIdle);
    }

    /// As [#recycle], and until then none is opened but for clients that wait: the server wants nobody in the database.
    public void vacate(long untilNanos) {
        vacatedUntilNanos = untilNanos;
        recycle();
    }

    /// None is opened but for clients that wait.
    boolean isVacated(long nowNanos) {
        return nowNanos - vacatedUntilNanos < 0;
    }

    /// Whether `pool.min` counts here: not where nobody asks for connections.
    public void keepsMinimum(boolean keeps) {
        keepsMinimum = keeps;
    }

    boolean keepsMinimum() {
        return keepsMinimum;
    }

    /// Grows with every [#recycle].
    public int epoch() {
        return epoch.get();
    }

    /// The database's catalogue changed: what backends keep prepared may be out of date.
    public void catalogChanged() {
        catalogGeneration.incrementAndGet();
    }

    /// Grows with every [#catalogChanged].
    public int catalogGeneration() {
        return catalogGeneration.get();
    }

    /// Open backend connections, those being opened included.
    public int open() {
        return own.open();
    }

    long nowNanos() {
        return nanoClock.getAsLong();
    }

    /// @param reserve connections beyond the pool's own limit that may be opened too
    boolean takePlace(int reserve) {
        BackendBudget full = take(reserve);
        if (full != null && full != own) full.askForPlace(this);
        return full == null;
    }

    /// For a connection that nobody waits for: no other pool is asked to give one up.
    boolean takeSparePlace() {
        return take(0) == null;
    }

    /// @return the limit that leaves no place; null if the place is taken
    private @Nullable BackendBudget take(int reserve) {
        for (int i = 0; i < budgets.size(); i++) {
            if (budgets.get(i).tryTake(i == 0 ? reserve : 0)) continue;
            for (int taken = 0; taken < i; taken++) budgets.get(taken).giveBack();
            return budgets.get(i);
        }
        return null;
    }

    void givePlaceBack() {
        for (var budget : budgets) budget.giveBack();
        if (!hunger.isNobodys()) {
            for (int i = 0; i < slices.size(); i++) {
                if (hunger.isOf(i)) slices.get(i).eventLoop().execute(slices.get(i)::serve);
            }
        }
    }

    /// The replica that another pool of this database and user connects to is the primary now. [PoolSlice#takeOver].
    public void takeOver(SharedPool<C> replica) {
        for (var slice : slices) slice.eventLoop().execute(() -> slice.takeOver(replica.slice(slice.index())));
    }

    /// The database or the user has a limit of its own.
    public boolean sharesLimit() {
        return budgets.stream().anyMatch(budget -> budget != own && budget.max() < Integer.MAX_VALUE);
    }

    /// A connection comes over from one of [#toReplica]: all other limits count it already.
    boolean takePlaceFrom(SharedPool<C> replica) {
        if (!own.tryTake(0)) return false;
        replica.own.giveBack();
        return true;
    }

    boolean placesExceeded() {
        for (int i = 0; i < budgets.size(); i++) {
            if (budgets.get(i).exceeded(i == 0 ? settings.shape().reserve() : 0)) return true;
        }
        return false;
    }

    /// Whose clients wait while it may not open a connection.
    Hunger hunger() {
        return hunger;
    }

    /// A slice's oldest client waits since then and the slice cannot help itself: its siblings are asked, once.
    void hungry(int slice, long sinceNanos) {
        if (!hunger.begins(slice, sinceNanos)) return;
        for (var sibling : slices) {
            if (sibling.index() != slice) sibling.eventLoop().execute(() -> sibling.spareFor(slice));
        }
    }
}
