//! A log in a database: SQLite for one machine, PostgreSQL for many writers.
//!
//! A commit is one transaction: the head's row is locked, entries are inserted and read back within the transaction, the
//! head is signed over what was read, and the row is updated only if it is still the one the batch was built on. The
//! database's COMMIT is the commit point. A writer that waited for the lock finds the head moved and builds again.

use ledger::{
    Batch, Checkpoint, Error, Failure, Head, Note, ReadTiles, Result, Sealed, Store, Tile, leaf_hash,
    sequencer::split,
    tile::{Kind, bundle},
};
use sqlx::postgres::{PgPoolOptions, Postgres as PostgresDb};
use sqlx::sqlite::{
    Sqlite as SqliteDb, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Pool, Transaction};
use std::path::Path;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Runtime;

const CREATE_SQLITE: &str = "
CREATE TABLE IF NOT EXISTS ledger_head (id INTEGER PRIMARY KEY CHECK (id = 1), size INTEGER NOT NULL, record BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS ledger_entry (seq INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS ledger_hash (level INTEGER, place INTEGER, hash BLOB NOT NULL, PRIMARY KEY (level, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger_published (id INTEGER PRIMARY KEY CHECK (id = 1), size INTEGER NOT NULL, note TEXT NOT NULL);
";

const CREATE_POSTGRES: &str = "
CREATE TABLE IF NOT EXISTS ledger_head (id BIGINT PRIMARY KEY CHECK (id = 1), size BIGINT NOT NULL, record BYTEA NOT NULL);
CREATE TABLE IF NOT EXISTS ledger_entry (seq BIGINT PRIMARY KEY, data BYTEA NOT NULL);
CREATE TABLE IF NOT EXISTS ledger_hash (level BIGINT, place BIGINT, hash BYTEA NOT NULL, PRIMARY KEY (level, place));
CREATE TABLE IF NOT EXISTS ledger_published (id BIGINT PRIMARY KEY CHECK (id = 1), size BIGINT NOT NULL, note TEXT NOT NULL);
";

/// Two who start at once must not make the tables at once.
const LOCK_SCHEMA: &str = "SELECT pg_advisory_xact_lock(7161520)";

fn runtime() -> Result<Runtime> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|e| Error::new(format!("the driver of the database cannot be started: {e}")))
}

fn failed(error: sqlx::Error) -> Error {
    Error::new(format!("the database: {error}"))
}

fn signed(number: u64) -> Result<i64> {
    i64::try_from(number).map_err(|_| Error::new(format!("{number} does not fit the database")))
}

fn rows_as_tile(tile: &Tile, rows: Vec<Vec<u8>>) -> Result<Vec<u8>> {
    if rows.len() != usize::from(tile.width) {
        return Err(Error::new(format!("the log has no `{tile}`")));
    }
    match tile.kind {
        Kind::Entries => bundle(rows.iter().map(Vec::as_slice)),
        Kind::Level(0) => Ok(rows.iter().flat_map(|e| leaf_hash(e)).collect()),
        Kind::Level(_) => Ok(rows.concat()),
    }
}

macro_rules! database {
    ($(#[$doc:meta])* $name:ident, $db:ty, begin $begin:literal, head $head:literal) => {
        $(#[$doc])*
        pub struct $name {
            pool: Pool<$db>,
            runtime: Runtime,
            /// The transaction that holds the head's row, and whether a batch was staged in it.
            open: Mutex<Option<(Transaction<'static, $db>, bool)>>,
        }

        impl $name {
            fn run<T>(&self, work: impl Future<Output = std::result::Result<T, sqlx::Error>>) -> Result<T> {
                self.runtime.block_on(work).map_err(failed)
            }

            fn roll_back(&self) {
                let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some((tx, _)) = open {
                    // Where this fails the connection is gone, and with it the transaction.
                    let _ = self.runtime.block_on(tx.rollback());
                }
            }

            async fn begin(&self, base: &Head, batch: &Batch) -> std::result::Result<Vec<u8>, Failure> {
                let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
                let mut tx = match open {
                    Some((tx, _)) => tx,
                    None => self.pool.begin_with($begin).await.map_err(failed)?,
                };
                let record: Option<Vec<u8>> =
                    sqlx::query_scalar($head).fetch_optional(&mut *tx).await.map_err(failed)?;
                let record = record.map(|r| Head::parse(&r)).transpose()?;
                if record.as_ref() != Some(base) {
                    // The row stays locked: who builds again on the new head is not overtaken once more.
                    *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some((tx, false));
                    return Err(Failure::Moved);
                }
                let entries = split(&batch.bytes).collect::<Result<Vec<_>>>()?;
                let first = signed(batch.first)?;
                insert_entries::$name(&mut tx, first, &entries).await.map_err(failed)?;
                let back: Vec<Vec<u8>> =
                    sqlx::query_scalar("SELECT data FROM ledger_entry WHERE seq >= $1 ORDER BY seq")
                        .bind(first)
                        .fetch_all(&mut *tx)
                        .await
                        .map_err(failed)?;
                *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some((tx, true));
                Ok(bundle(back.iter().map(Vec::as_slice))?)
            }

            async fn end(&self, base: &Head, batch: &Batch, sealed: &Sealed) -> std::result::Result<(), Failure> {
                let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
                let (mut tx, _) = open.filter(|o| o.1).ok_or_else(|| Error::new("nothing is staged"))?;
                for hash in batch.hashes.iter().filter(|h| h.level > 0) {
                    sqlx::query("INSERT INTO ledger_hash (level, place, hash) VALUES ($1, $2, $3)")
                        .bind(i64::from(hash.level))
                        .bind(signed(hash.index)?)
                        .bind(hash.hash.to_vec())
                        .execute(&mut *tx)
                        .await
                        .map_err(failed)?;
                }
                let moved = sqlx::query("UPDATE ledger_head SET size = $1, record = $2 WHERE id = 1 AND size = $3")
                    .bind(signed(sealed.head.size())?)
                    .bind(sealed.head.to_json()?)
                    .bind(signed(base.size())?)
                    .execute(&mut *tx)
                    .await
                    .map_err(failed)?;
                if moved.rows_affected() != 1 {
                    return Err(Failure::Moved);
                }
                tx.commit().await.map_err(|e| Failure::Broken(failed(e)))
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                self.roll_back();
                self.runtime.block_on(self.pool.close());
            }
        }

        impl ReadTiles for $name {
            fn read_tile(&self, tile: &Tile) -> Result<Vec<u8>> {
                let from = signed(tile.first_entry())?;
                let to = from + i64::from(tile.width);
                let rows = match tile.kind {
                    Kind::Entries | Kind::Level(0) => self.run(
                        sqlx::query_scalar("SELECT data FROM ledger_entry WHERE seq >= $1 AND seq < $2 ORDER BY seq")
                            .bind(from)
                            .bind(to)
                            .fetch_all(&self.pool),
                    )?,
                    Kind::Level(level) => self.run(
                        sqlx::query_scalar(
                            "SELECT hash FROM ledger_hash WHERE level = $1 AND place >= $2 AND place < $3 ORDER BY place",
                        )
                        .bind(i64::from(level))
                        .bind(from)
                        .bind(to)
                        .fetch_all(&self.pool),
                    )?,
                };
                rows_as_tile(tile, rows)
            }
        }

        impl Store for $name {
            fn head(&self) -> Result<Option<Head>> {
                let record: Option<Vec<u8>> = self.run(
                    sqlx::query_scalar("SELECT record FROM ledger_head WHERE id = 1").fetch_optional(&self.pool),
                )?;
                record.map(|r| Head::parse(&r)).transpose()
            }

            fn create(&self, head: &Head) -> std::result::Result<(), Failure> {
                let insert = "INSERT INTO ledger_head (id, size, record) VALUES (1, 0, $1) ON CONFLICT DO NOTHING";
                let made = self.run(sqlx::query(insert).bind(head.to_json()?).execute(&self.pool))?;
                if made.rows_affected() == 1 { Ok(()) } else { Err(Failure::Moved) }
            }

            fn stage(&self, base: &Head, batch: &Batch) -> std::result::Result<Vec<u8>, Failure> {
                // What was staged and not committed goes, with its lock.
                if self.open.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(|o| o.1) {
                    self.roll_back();
                }
                self.runtime.block_on(self.begin(base, batch))
            }

            fn commit(&self, base: &Head, batch: &Batch, sealed: &Sealed) -> std::result::Result<(), Failure> {
                self.runtime.block_on(self.end(base, batch, sealed))
            }

            fn publish(&self, note: &Note) -> Result<()> {
                let size = signed(Checkpoint::parse(note.text())?.size)?;
                let upsert = "INSERT INTO ledger_published (id, size, note) VALUES (1, $1, $2)
                    ON CONFLICT (id) DO UPDATE SET size = excluded.size, note = excluded.note
                    WHERE ledger_published.size <= excluded.size";
                self.run(sqlx::query(upsert).bind(size).bind(note.to_string()).execute(&self.pool))?;
                Ok(())
            }

            fn published(&self) -> Result<Option<Note>> {
                let note: Option<String> = self.run(
                    sqlx::query_scalar("SELECT note FROM ledger_published WHERE id = 1").fetch_optional(&self.pool),
                )?;
                note.map(|n| Note::parse(n.as_bytes())).transpose()
            }
        }
    };
}

database!(
    /// A log in a SQLite file.
    Sqlite, SqliteDb, begin "BEGIN IMMEDIATE", head "SELECT record FROM ledger_head WHERE id = 1"
);
database!(
    /// A log in a PostgreSQL database.
    Postgres, PostgresDb, begin "BEGIN", head "SELECT record FROM ledger_head WHERE id = 1 FOR UPDATE"
);

impl Sqlite {
    /// Opens a file, and makes it where it is not there.
    pub fn open(path: &Path) -> Result<Self> {
        let runtime = runtime()?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(30));
        let pool = runtime.block_on(async {
            let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await?;
            sqlx::raw_sql(CREATE_SQLITE).execute(&pool).await?;
            Ok(pool)
        });
        Ok(Self { pool: pool.map_err(failed)?, runtime, open: Mutex::new(None) })
    }
}

impl Postgres {
    /// Connects to a database by its URL (`postgres://user@host/name`). One that does not sync what it commits is refused.
    pub fn open(url: &str) -> Result<Self> {
        let runtime = runtime()?;
        let options = sqlx::postgres::PgConnectOptions::from_str(url).map_err(failed)?;
        let options = options.options([("synchronous_commit", "on"), ("client_min_messages", "warning")]);
        let pool = runtime.block_on(async {
            let pool = PgPoolOptions::new().max_connections(4).connect_with(options).await?;
            let mut tx = pool.begin().await?;
            sqlx::query(LOCK_SCHEMA).execute(&mut *tx).await?;
            sqlx::raw_sql(CREATE_POSTGRES).execute(&mut *tx).await?;
            tx.commit().await?;
            Ok(pool)
        });
        let pool = pool.map_err(failed)?;
        let fsync: String =
            runtime.block_on(sqlx::query_scalar("SHOW fsync").fetch_one(&pool)).map_err(failed)?;
        if fsync != "on" {
            return Err(Error::new(
                "this PostgreSQL runs with `fsync = off`: what it commits is not durable; set it on",
            ));
        }
        Ok(Self { pool, runtime, open: Mutex::new(None) })
    }
}

/// How each database takes many rows.
#[allow(non_snake_case, reason = "named as the stores are")]
mod insert_entries {
    use super::{PostgresDb, SqliteDb, Transaction};

    pub(super) async fn Sqlite(
        tx: &mut Transaction<'static, SqliteDb>,
        first: i64,
        entries: &[&[u8]],
    ) -> Result<(), sqlx::Error> {
        for (seq, entry) in (first..).zip(entries) {
            let insert = sqlx::query("INSERT INTO ledger_entry (seq, data) VALUES ($1, $2)");
            insert.bind(seq).bind(entry.to_vec()).execute(&mut **tx).await?;
        }
        Ok(())
    }

    pub(super) async fn Postgres(
        tx: &mut Transaction<'static, PostgresDb>,
        first: i64,
        entries: &[&[u8]],
    ) -> Result<(), sqlx::Error> {
        let seqs: Vec<i64> = (first..).take(entries.len()).collect();
        let data: Vec<Vec<u8>> = entries.iter().map(|e| e.to_vec()).collect();
        let insert = "INSERT INTO ledger_entry (seq, data) SELECT * FROM UNNEST($1::bigint[], $2::bytea[])";
        sqlx::query(insert).bind(seqs).bind(data).execute(&mut **tx).await.map(|_| ())
    }
}
