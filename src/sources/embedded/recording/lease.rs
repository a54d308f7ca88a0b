//! Who of several processes scrapes: whoever holds the lease of a recording, which is a row that all can see.
//!
//! The holder counts its *beat* up with every row. Whoever sees that the beat stood still for longer than a scrape may
//! take, by its own clock that nobody sets, takes the lease over; of several who try exactly one succeeds. So no clock
//! of the machine decides anything. A holder that is known to be dead is not waited for, and one that leaves gives the
//! lease up. A holder that lost it learns so with its next row, which is not kept.

use rusqlite::OptionalExtension as _;
use rusqlite::TransactionBehavior;
use rusqlite::params;

use crate::sources::embedded::recording::file::File;
use crate::sources::embedded::recording::file::SHIFT;
use crate::sources::embedded::recording::file::Trouble;
use crate::sources::embedded::recording::holder::Holder;

/// What a recording is called and how long its rows are kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Terms {
    /// Of everything that makes its rows what they are; see [`key`](super::key).
    pub key: [u8; 16],
    /// For people who look into the file.
    pub service: String,
    pub every_ms: i64,
    pub keep_ms: i64,
}

/// A recording, and who scrapes for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Joined {
    pub recording: i64,
    pub lease: Lease,
}

/// Who scrapes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Lease {
    /// We do; after that other one, if there was one.
    Mine(Option<Holder>),
    /// Somebody else does.
    Theirs(Holder),
    /// Nobody does any more, and we may only read what was recorded.
    Nobodys,
}

/// A recording at one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Glance {
    pub holder: Option<Holder>,
    pub beat: i64,
    /// The number of its last row.
    pub seq: i64,
    /// When its last row was scraped.
    pub at_ms: i64,
}

impl File {
    /// Joins a recording, which is made where it is missing, and takes its lease where that is free: nobody holds it,
    /// the holder is dead, or its beat is still the one that was `suspect` for standing still.
    pub fn join(&mut self, terms: &Terms, me: &Holder, now_ms: i64, suspect: Option<i64>) -> Result<Joined, Trouble> {
        let is_free = |glance: &Glance| match &glance.holder {
            None => true,
            Some(holder) => holder == me || holder.is_dead(me) || suspect == Some(glance.beat),
        };
        if let Some(recording) = self.find(&terms.key)?
            && let Some(glance) = self.glance(recording)?
            && let Some(holder) = glance.holder.clone().filter(|_| !is_free(&glance))
        {
            return Ok(Joined { recording, lease: Lease::Theirs(holder) });
        }
        // Looked at again: now nobody else can write.
        let take = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let recording = match find(&take, &terms.key)? {
            Some(recording) => recording,
            None => take.query_row(
                "INSERT INTO recording(key, service, keep_ms, beat, seq, at_ms, capped, state_no, state)
                 VALUES (?, ?, ?, 0, 0, 0, 0, 0, x'') RETURNING id",
                params![terms.key, terms.service, terms.keep_ms],
                |row| row.get(0),
            )?,
        };
        let found = glance(&take, recording)?.ok_or(Trouble::Damaged)?;
        if let Some(holder) = found.holder.clone().filter(|_| !is_free(&found)) {
            return Ok(Joined { recording, lease: Lease::Theirs(holder) });
        }
        take.execute(
            "UPDATE recording SET holder = ?, beat = beat + 1, keep_ms = ? WHERE id = ?",
            params![me.to_text(), terms.keep_ms, recording],
        )?;
        forget_the_future(&take, recording, now_ms.saturating_add(terms.every_ms))?;
        take.commit()?;
        Ok(Joined { recording, lease: Lease::Mine(found.holder.filter(|holder| holder != me)) })
    }

    /// The recording of that key; `None` where nobody has begun it.
    pub fn find(&self, key: &[u8; 16]) -> Result<Option<i64>, Trouble> {
        find(&self.db, key)
    }

    /// Looks at a recording; `None` when it is no more.
    pub fn glance(&self, recording: i64) -> Result<Option<Glance>, Trouble> {
        glance(&self.db, recording)
    }

    /// Says that we live, although there is no row; `false` when the lease is not ours any more.
    pub fn beat(&self, recording: i64, me: &Holder) -> Result<bool, Trouble> {
        let mut beat = self.db.prepare_cached("UPDATE recording SET beat = beat + 1 WHERE id = ? AND holder = ?")?;
        Ok(beat.execute(params![recording, me.to_text()])? == 1)
    }

    /// Gives the lease up, if it is ours.
    pub fn release(&self, recording: i64, me: &Holder) -> Result<(), Trouble> {
        self.db.execute(
            "UPDATE recording SET holder = NULL WHERE id = ? AND holder = ?",
            params![recording, me.to_text()],
        )?;
        Ok(())
    }
}

fn find(db: &rusqlite::Connection, key: &[u8; 16]) -> Result<Option<i64>, Trouble> {
    let mut find = db.prepare_cached("SELECT id FROM recording WHERE key = ?")?;
    Ok(find.query_row([key], |row| row.get(0)).optional()?)
}

fn glance(db: &rusqlite::Connection, recording: i64) -> Result<Option<Glance>, Trouble> {
    let mut glance = db.prepare_cached("SELECT holder, beat, seq, at_ms FROM recording WHERE id = ?")?;
    let found = glance.query_row([recording], |row| {
        let holder: Option<String> = row.get(0)?;
        Ok(Glance {
            holder: holder.as_deref().and_then(Holder::of),
            beat: row.get(1)?,
            seq: row.get(2)?,
            at_ms: row.get(3)?,
        })
    });
    Ok(found.optional()?)
}

/// Rows of a time that has not come: the clock was wrong then, and time may not stand still until it is reached.
fn forget_the_future(db: &rusqlite::Connection, recording: i64, from_ms: i64) -> Result<(), Trouble> {
    let last: i64 = db.query_row("SELECT at_ms FROM recording WHERE id = ?", [recording], |row| row.get(0))?;
    if last <= from_ms {
        return Ok(());
    }
    let range = params![recording << SHIFT, (recording + 1) << SHIFT, from_ms];
    for table in ["scrape", "answer", "segment"] {
        db.execute(&format!("DELETE FROM {table} WHERE id >= ? AND id < ? AND at_ms > ?"), range)?;
    }
    db.execute(
        "UPDATE recording SET at_ms =
             (SELECT coalesce(max(at_ms), 0) FROM answer WHERE answer.id >= ?2 AND answer.id < ?3) WHERE id = ?1",
        params![recording, recording << SHIFT, (recording + 1) << SHIFT],
    )?;
    Ok(())
}
