//! Rows: one a scrape. Writing them, reading them, and keeping no more of them than may be kept.

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::TransactionBehavior;
use rusqlite::params;

use crate::sources::embedded::recording::file::File;
use crate::sources::embedded::recording::file::SHIFT;
use crate::sources::embedded::recording::file::Trouble;
use crate::sources::embedded::recording::frame::Frame;
use crate::sources::embedded::recording::holder::Holder;

/// After so many rows it is looked what may go.
const TIDY_EVERY: i64 = 12;

/// How full the file may be, in hundredths of its cap, before the oldest rows go; and how full it is then at most.
const FULL: u64 = 90;
const ROOMY: u64 = 85;

/// Free pages are given back to the disk that many at a time.
const GIVEN_BACK: u64 = 512;

/// What is written of one scrape.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    pub at_ms: i64,
    pub frame: Frame,
    pub answers: Vec<u8>,
    /// What is said beside the numbers, when that has changed.
    pub state: Option<Vec<u8>>,
}

/// What became of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Written {
    /// It is kept.
    Kept {
        /// Its number.
        seq: i64,
        /// Where rows had to go before their time: when the oldest that is left was scraped.
        since_ms: Option<i64>,
    },
    /// It is not later than the last one: the clock was set back. The lease is still ours.
    NotLater,
    /// The lease is somebody else's now.
    Lost,
}

/// The answers of one scrape as they were written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answered {
    pub seq: i64,
    pub at_ms: i64,
    pub body: Vec<u8>,
}

/// What was scraped.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Raw {
    /// Time, whether it is a key frame, and the frame; the first one is a key frame.
    pub frames: Vec<(i64, bool, Vec<u8>)>,
    /// Number, target and labels of the series that the frames tell of, and of some more.
    pub series: Vec<(u32, usize, Vec<u8>)>,
    /// The first number that was never given to a series.
    pub next: u32,
}

impl File {
    /// Writes a row, whole or not at all.
    pub fn write(&mut self, recording: i64, me: &Holder, row: &Row) -> Result<Written, Trouble> {
        match self.try_write(recording, me, row) {
            Err(Trouble::Full) => {
                self.make_room(1)?;
                match self.try_write(recording, me, row) {
                    Err(Trouble::Full) if row.frame.is_key && self.pages()?.0 > self.pages / 2 => {
                        self.begin_anew(recording, me)?;
                        self.try_write(recording, me, row)
                    }
                    other => other,
                }
            }
            other => other,
        }
    }

    /// Lets all rows of a recording go, since the segment that was being written does not fit into the file: without,
    /// there would be no room ever again. The series stay, a key frame tells of them anew.
    fn begin_anew(&mut self, recording: i64, me: &Holder) -> Result<(), Trouble> {
        let make = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if holds(&make, recording, me)?.is_none() {
            return Ok(());
        }
        for table in ["scrape", "answer", "segment"] {
            let rows = params![recording << SHIFT, (recording + 1) << SHIFT];
            make.execute(&format!("DELETE FROM {table} WHERE id >= ? AND id < ?"), rows)?;
        }
        make.execute("UPDATE recording SET capped = 1 WHERE id = ?", [recording])?;
        make.commit()?;
        Ok(())
    }

    fn try_write(&mut self, recording: i64, me: &Holder, row: &Row) -> Result<Written, Trouble> {
        let write = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let Some((last_ms, keep_ms)) = holds(&write, recording, me)? else { return Ok(Written::Lost) };
        if row.at_ms <= last_ms {
            write.execute("UPDATE recording SET beat = beat + 1 WHERE id = ?", [recording])?;
            write.commit()?;
            return Ok(Written::NotLater);
        }
        let seq = insert(&write, recording, row)?;
        let tidies = seq % TIDY_EVERY == 0;
        if tidies {
            forget_the_past(&write, recording, row.at_ms)?;
        }
        write.commit()?;
        if tidies {
            self.tidy()?;
        }
        Ok(Written::Kept { seq, since_ms: self.capped_since(recording, row.at_ms.saturating_sub(keep_ms))? })
    }

    /// The oldest rows go as long as the file is nearly full; what became free goes back to the disk in pieces.
    fn tidy(&mut self) -> Result<(), Trouble> {
        let (used, free) = self.pages()?;
        if used > self.pages * FULL / 100 {
            self.make_room(used - self.pages * ROOMY / 100)?;
        }
        if free > GIVEN_BACK && (free > used / 4 || used + free > self.pages) {
            let mut give_back = self.db.prepare(&format!("PRAGMA incremental_vacuum({GIVEN_BACK})"))?;
            let mut rows = give_back.query([])?;
            while rows.next()?.is_some() {}
        }
        Ok(())
    }

    /// Pages in use, and pages that are free.
    fn pages(&self) -> Result<(u64, u64), Trouble> {
        let count = |pragma: &str| self.db.query_row(pragma, [], |row| row.get::<_, i64>(0).map(i64::unsigned_abs));
        let (all, free) = (count("PRAGMA page_count")?, count("PRAGMA freelist_count")?);
        Ok((all.saturating_sub(free), free))
    }

    /// Lets the oldest segments go, of whichever recording, until at least so many pages are free or none is left but
    /// those that are being written.
    fn make_room(&mut self, pages: u64) -> Result<(), Trouble> {
        let until = self.pages()?.1.saturating_add(pages);
        while self.pages()?.1 < until {
            let make = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let oldest: Option<(i64, i64)> = make
                .query_row(
                    "SELECT one.id, (SELECT min(id) FROM segment WHERE id > one.id AND id >> ?1 = one.id >> ?1) AS next
                     FROM segment AS one WHERE next IS NOT NULL ORDER BY one.at_ms LIMIT 1",
                    [SHIFT],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()?;
            let Some((oldest, next)) = oldest else { return Ok(()) };
            forget_before(&make, oldest >> SHIFT, next)?;
            make.execute("UPDATE recording SET capped = 1 WHERE id = ?", [oldest >> SHIFT])?;
            make.commit()?;
        }
        Ok(())
    }

    /// When the oldest row was scraped, if older ones had to make room.
    fn capped_since(&self, recording: i64, from_ms: i64) -> Result<Option<i64>, Trouble> {
        let mut capped = self.db.prepare_cached(
            "SELECT min(at_ms) FROM segment
             WHERE id >= ?1 << ?2 AND id < (?1 + 1) << ?2 AND (SELECT capped FROM recording WHERE id = ?1)",
        )?;
        let since: Option<i64> = capped.query_row(params![recording, SHIFT], |row| row.get(0))?;
        Ok(since.filter(|since| *since > from_ms))
    }

    /// The answers behind a row, oldest first.
    pub fn answers(&self, recording: i64, behind: i64, from_ms: i64) -> Result<Vec<Answered>, Trouble> {
        let base = recording << SHIFT;
        let mut find = self
            .db
            .prepare_cached("SELECT id, at_ms, body FROM answer WHERE id > ? AND id < ? AND at_ms >= ? ORDER BY id")?;
        let rows = find.query_map(params![base + behind, (recording + 1) << SHIFT, from_ms], |row| {
            Ok(Answered { seq: row.get::<_, i64>(0)? - base, at_ms: row.get(1)?, body: row.get(2)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What was said beside the numbers, when it is another than that of the number `known`; with its number.
    pub fn state(&self, recording: i64, known: i64) -> Result<Option<(i64, Vec<u8>)>, Trouble> {
        let mut find =
            self.db.prepare_cached("SELECT state_no, state FROM recording WHERE id = ? AND state_no <> ?")?;
        let found = find.query_row([recording, known], |row| Ok((row.get(0)?, row.get(1)?)));
        Ok(found.optional()?)
    }

    /// The first number that was never given to a series.
    pub fn next(&self, recording: i64) -> Result<u32, Trouble> {
        let base = recording << SHIFT;
        let mut last = self.db.prepare_cached("SELECT max(id) FROM series WHERE id >= ? AND id < ?")?;
        let last: Option<i64> = last.query_row([base, (recording + 1) << SHIFT], |row| row.get(0))?;
        Ok(last.map_or(0, |last| (last - base + 1) as u32))
    }

    /// What was scraped since then, and a little before.
    pub fn raw(&self, recording: i64, since_ms: i64) -> Result<Raw, Trouble> {
        let (base, end) = (recording << SHIFT, (recording + 1) << SHIFT);
        let db = &self.db;
        let first: Option<i64> = db.query_row(
            "SELECT coalesce((SELECT max(id) FROM segment WHERE id >= ?1 AND id < ?2 AND at_ms <= ?3),
                             (SELECT min(id) FROM segment WHERE id >= ?1 AND id < ?2))",
            params![base, end, since_ms],
            |row| row.get(0),
        )?;
        let next = self.next(recording)?;
        let Some(first) = first else { return Ok(Raw { next, ..Raw::default() }) };
        let mut frames =
            db.prepare_cached("SELECT at_ms, is_key, body FROM scrape WHERE id >= ? AND id < ? ORDER BY id")?;
        let frames = frames.query_map([first, end], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let mut series =
            db.prepare_cached("SELECT id, target, labels FROM series WHERE id >= ? AND id < ? AND last >= ?")?;
        let series = series.query_map([base, end, first - base], |row| {
            Ok(((row.get::<_, i64>(0)? - base) as u32, row.get::<_, i64>(1)? as usize, row.get(2)?))
        })?;
        Ok(Raw { frames: frames.collect::<Result<_, _>>()?, series: series.collect::<Result<_, _>>()?, next })
    }
}

/// When the last row was scraped and how long rows are kept; `None` when the lease is not ours.
fn holds(db: &Connection, recording: i64, me: &Holder) -> Result<Option<(i64, i64)>, Trouble> {
    let mut find = db.prepare_cached("SELECT at_ms, keep_ms FROM recording WHERE id = ? AND holder = ?")?;
    let found = find.query_row(params![recording, me.to_text()], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(found.optional()?)
}

fn insert(db: &Connection, recording: i64, row: &Row) -> Result<i64, Trouble> {
    let base = recording << SHIFT;
    let mut next = db.prepare_cached(
        "UPDATE recording SET beat = beat + 1, seq = seq + 1, at_ms = ?2, state_no = state_no + (?3 IS NOT NULL),
             state = coalesce(?3, state) WHERE id = ?1 RETURNING seq",
    )?;
    let seq: i64 = next.query_row(params![recording, row.at_ms, row.state], |row| row.get(0))?;
    let id = base + seq;
    let frame = &row.frame;
    db.prepare_cached("INSERT INTO answer(id, at_ms, body) VALUES (?, ?, ?)")?.execute(params![
        id,
        row.at_ms,
        row.answers
    ])?;
    db.prepare_cached("INSERT INTO scrape(id, at_ms, is_key, body) VALUES (?, ?, ?, ?)")?.execute(params![
        id,
        row.at_ms,
        frame.is_key,
        frame.body
    ])?;
    if frame.is_key {
        db.execute("INSERT INTO segment(id, at_ms) VALUES (?, ?)", [id, row.at_ms])?;
        let mut lives = db.prepare_cached("UPDATE series SET last = ? WHERE id = ?")?;
        for number in &frame.in_use {
            lives.execute([seq, base + i64::from(*number)])?;
        }
    }
    let mut born = db.prepare_cached("INSERT OR REPLACE INTO series(id, target, last, labels) VALUES (?, ?, ?, ?)")?;
    for birth in &frame.births {
        born.execute(params![base + i64::from(birth.number), birth.target as i64, seq, birth.labels])?;
    }
    Ok(seq)
}

/// Lets go what is older than it is kept, of all recordings; one that nobody went on with goes as a whole.
fn forget_the_past(db: &Connection, mine: i64, now_ms: i64) -> Result<(), Trouble> {
    let mut all = db.prepare_cached("SELECT id, at_ms, keep_ms FROM recording")?;
    let all = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    for (recording, last_ms, keep_ms) in all.collect::<Result<Vec<(i64, i64, i64)>, _>>()? {
        let from_ms = now_ms.saturating_sub(keep_ms);
        if recording != mine && last_ms < from_ms {
            forget_before(db, recording, (recording + 1) << SHIFT)?;
            db.execute("DELETE FROM recording WHERE id = ?", [recording])?;
            continue;
        }
        let mut first = db.prepare_cached("SELECT max(id) FROM segment WHERE id >= ? AND id < ? AND at_ms <= ?")?;
        let range = params![recording << SHIFT, (recording + 1) << SHIFT, from_ms];
        if let Some(first) = first.query_row(range, |row| row.get(0))? {
            forget_before(db, recording, first)?;
        }
    }
    Ok(())
}

/// Lets the rows of a recording go that are before a key frame, and the series that none is left of.
fn forget_before(db: &Connection, recording: i64, first: i64) -> Result<(), Trouble> {
    let base = recording << SHIFT;
    for table in ["scrape", "answer", "segment"] {
        db.prepare_cached(&format!("DELETE FROM {table} WHERE id >= ? AND id < ?"))?.execute([base, first])?;
    }
    let end = (recording + 1) << SHIFT;
    db.prepare_cached("DELETE FROM series WHERE id >= ? AND id < ? AND last < ?")?.execute([
        base,
        end,
        first - base,
    ])?;
    Ok(())
}
