//! Small servers: a log's checkpoint and tiles (C2SP tlog-tiles), and a witness (C2SP tlog-witness).

use crate::witness::Witness;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Path, State},
    http::{StatusCode, header},
    response::Response,
    routing::{get, post},
    serve::ListenerExt,
};
use ledger::{Error, Note, Result, Store, Tile};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

/// The largest request that a witness reads: a checkpoint with its signatures and a proof.
const MAX_REQUEST: usize = 64 * 1024;

/// A server that runs until the process ends.
pub struct Server {
    listener: TcpListener,
    router: Router,
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> Result<SocketAddr> {
        self.listener.local_addr().map_err(|e| Error::new(e.to_string()))
    }

    /// Serves, and does not return.
    pub fn run(self) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let serving = runtime.and_then(|runtime| {
            self.listener.set_nonblocking(true)?;
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(self.listener)?;
                // An answer is small, and waits for no other.
                let listener = listener.tap_io(|stream| {
                    let _ = stream.set_nodelay(true);
                });
                axum::serve(listener, self.router).await
            })
        });
        serving.map_err(|e| Error::new(format!("the server has stopped: {e}")))
    }
}

fn listen(address: &str, router: Router) -> Result<Server> {
    let listener = TcpListener::bind(address);
    let listener = listener.map_err(|e| Error::new(format!("cannot listen on `{address}`: {e}")))?;
    Ok(Server { listener, router })
}

/// A server for the checkpoint and the tiles of a log.
pub fn tiles(store: Arc<dyn Store>, address: &str) -> Result<Server> {
    let router = Router::new()
        .route("/checkpoint", get(checkpoint))
        .route("/tile/{*path}", get(tile))
        .with_state(store);
    listen(address, router)
}

/// The checkpoint to show: the one with cosignatures if there is one, else the head's.
pub fn shown(store: &dyn Store) -> Result<Note> {
    if let Some(published) = store.published()? {
        return Ok(published);
    }
    let head = store.head()?.ok_or_else(|| Error::new("there is no ledger yet"))?;
    Ok(head.note)
}

async fn checkpoint(State(store): State<Arc<dyn Store>>) -> Response {
    let note = blocking(move || shown(&*store)).await;
    match note {
        Ok(note) => answer(StatusCode::OK, "text/plain; charset=utf-8", "no-cache", note.to_string()),
        Err(e) => answer(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "no-cache", format!("{e}\n")),
    }
}

async fn tile(State(store): State<Arc<dyn Store>>, Path(path): Path<String>) -> Response {
    let read = blocking(move || {
        let tile = Tile::parse(&format!("tile/{path}"))?;
        store.head()?;
        store.read_tile(&tile)
    });
    match read.await {
        Ok(bytes) => answer(StatusCode::OK, "application/octet-stream", "max-age=31536000, immutable", bytes),
        Err(e) => answer(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "no-cache", format!("{e}\n")),
    }
}

/// A server for a witness.
pub fn witness(witness: Witness, address: &str) -> Result<Server> {
    let router = Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .layer(DefaultBodyLimit::max(MAX_REQUEST))
        .with_state(Arc::new(witness));
    listen(address, router)
}

async fn add_checkpoint(State(witness): State<Arc<Witness>>, body: Bytes) -> Response {
    match blocking(move || witness.add_checkpoint(&body, crate::now() / 1000)).await {
        Ok(judged) => {
            let status = StatusCode::from_u16(judged.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            answer(status, judged.content_type(), "no-store", judged.body())
        }
        // The state could not be kept: no cosignature leaves.
        Err(e) => answer(
            StatusCode::INTERNAL_SERVER_ERROR,
            "text/plain; charset=utf-8",
            "no-store",
            format!("{e}\n"),
        ),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|e| Err(Error::new(e.to_string())))
}

fn answer(status: StatusCode, kind: &'static str, caching: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static(caching));
    response
}
