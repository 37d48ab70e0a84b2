package org.pgkeel.proxy.session;

/// Whether what one client sends can be worked on now, and how it goes on when what kept it waiting is over.
///
/// Law: it is worked on in the states IDLE and LEASED, if no question of the proxy's own is open and nothing is under way that has to be alone; else it
/// waits.
///
/// Threading: confined to the session's event loop.
final class ClientProgress {
    private final ClientSession session;
    private final LeasePath path;
    private final RowShapes shapes;
    private final Repetition repetition;
    private final CommitPath commit;
    private final SharedCommits sharing;

    ClientProgress(ClientSession session) {
        this.session = session;
        this.path = session.path();
        this.shapes = session.shapes();
        this.repetition = session.repetition();
        this.commit = session.commit();
        this.sharing = session.sharing();
    }

    /// Nothing of what the client sends can be worked on now.
    boolean isHeld() {
        SessionRoutes routes = path.routes();
        ClientSession.State state = session.state();
        return session.isWaiting() || state == ClientSession.State.SHARING || state == ClientSession.State.RESOLVING || shapes.isAsked() || repetition.isUnderWay()
                || commit.probe().awaitsAnswer() || routes != null && routes.holds() || sharing.isAloneUnderWay();
    }

    /// What kept the client from being read is over, or there is room for what it asks. Nothing happens if it is gone.
    void resumes() {
        session.socket().readAgain();
        if (session.isOpen()) session.walk().resume();
    }

    /// The client asks anew for what it had begun to ask.
    void looksAgain() {
        session.becomes(ClientSession.State.IDLE);
        resumes();
    }

    /// The client goes on without a backend, with what it sent and was not answered first. Not from here: the caller has not told it all.
    void goesOn() {
        session.becomes(ClientSession.State.IDLE);
        session.context().loop().execute(() -> {
            session.socket().readAgain();
            if (session.isOpen() && session.state() == ClientSession.State.IDLE && session.lease().backend() == null) {
                session.times().requested(System.nanoTime());   // its time until now was that of what has failed, or of what stood before it
                session.walk().resume();
            }
            if (session.context().draining()) session.end().drain();
            path.listenAgain();
        });
    }
}
