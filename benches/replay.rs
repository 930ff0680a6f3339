//! What recorded solves would take on other numbers of ranks: `make bench-replay`.
//!
//! `benches/ranks.c` records traces (option `trace`), one file per rank and run, named
//! PROBLEM-SCHEDULE-RANKS-RANK-RUN.json. Those of one rank hold every visit of a tile, with its steps
//! and time; the least time of all runs counts, so that other programs on the machine do not. The
//! visits are replayed on P ranks:
//!
//! - coloured: phase by phase; a rank ends a phase when it has made its visits and has the messages
//!   of all its partners; each sweep waits for the reduction of the sweep before;
//! - asynchronous: a discrete-event simulation; a rank makes any of its visits whose news (the steps
//!   that the tile had heard of when it was recorded) have arrived, and waits for nothing else. In
//!   truth it goes on with old news and makes more steps: what that costs is taken from real runs.
//!
//! Bytes are an upper bound: steps of the same coordinate in a visit are sent as one.
//!
//! A message takes latency + bytes / bandwidth, and its sender and receiver some time each; a
//! reduction takes a time proportional to log2 P. Real runs at several P are compared with.

use dicod::grid::block::{Block, balanced};
use dicod::grid::point::{AXES, padded};
use dicod::grid::tiles::{Layout, Number, TileGrid};
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::fmt::Write;

/// The machine, in seconds and bytes.
#[derive(Clone, Copy, Debug)]
struct Machine {
    latency: f64,
    bandwidth: f64,
    /// A reduction takes this times log2 P.
    reduction: f64,
    /// What a message costs its sender, and its receiver.
    overhead: f64,
}

const MACHINE: Machine = Machine { latency: 2e-6, bandwidth: 1e10, reduction: 2e-6, overhead: 5e-7 };

/// Reductions of a solve outside of the descent, about.
const REDUCTIONS: f64 = 20.0;

/// Bytes of a step in a message, and of the head of a list of them.
const STEP: f64 = 24.0;
const HEAD: f64 = 8.0;

#[derive(Clone, Copy)]
struct Visit {
    tile: usize,
    steps: u64,
    seconds: f64,
}

/// The visits of one colour.
struct Phase {
    /// The last one of a sweep.
    ends_sweep: bool,
    visits: std::ops::Range<usize>,
}

/// What one rank recorded in one run.
struct Record {
    visits: Vec<Visit>,
    phases: Vec<Phase>,
    /// Seconds for correlation and certificates, all of it, and for the whole call.
    outside: f64,
    seconds: f64,
    /// Of all phases.
    messages: u64,
    bytes: u64,
    grid: TileGrid,
    signal: [i64; AXES],
    /// Shapes, for people.
    title: String,
}

fn integers(value: &Value) -> Vec<i64> {
    let list = value.as_array().into_iter().flatten();
    list.filter_map(Value::as_i64).collect()
}

impl Record {
    fn read(path: &std::path::Path) -> Record {
        let text = std::fs::read_to_string(path).expect("a trace");
        let json: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(json["lost"], 0, "{}: spans were lost", path.display());
        let bounds = json["tile_bounds"].as_array().expect("tile_bounds");
        let n_axes = bounds.len();
        let mut cuts: [Vec<i64>; AXES] = std::array::from_fn(|_| vec![0, 1]);
        for (to, from) in cuts[AXES - n_axes..].iter_mut().zip(bounds) {
            *to = integers(from);
        }
        let valid = std::array::from_fn(|a| cuts[a][cuts[a].len() - 1]);
        let atom = padded(&integers(&json["atom_shape"]), 1);
        let mut periodic = [false; AXES];
        let wraps = json["periodic"].as_array().into_iter().flatten();
        for (to, from) in periodic[AXES - n_axes..].iter_mut().zip(wraps) {
            *to = from == &Value::Bool(true);
        }
        let layout = Layout {
            n_signals: json["signals"].as_u64().unwrap_or(1) as usize,
            valid,
            atom,
            periodic,
            group: [1; AXES],
        };
        let names = json["columns"].as_array().expect("columns");
        let column = |name: &str| names.iter().position(|n| n == name).expect("a column");
        let [activity, sweep, tile, steps, seconds, messages, bytes] =
            ["activity", "sweep", "tile", "steps", "seconds", "messages", "bytes_sent"].map(column);
        let signal = std::array::from_fn(|a| match periodic[a] {
            true => valid[a],
            false => valid[a] + atom[a] - 1,
        });
        let shape = |lengths: &[i64; AXES]| {
            let lengths = lengths[AXES - n_axes..].iter().map(i64::to_string);
            lengths.collect::<Vec<_>>().join(" × ")
        };
        let title = format!("{}, {} atoms of {}", shape(&signal), json["atoms"], shape(&atom));
        let mut record = Record {
            visits: Vec::new(),
            phases: Vec::new(),
            outside: 0.0,
            seconds: 0.0,
            messages: 0,
            bytes: 0,
            grid: layout.grid(&cuts),
            signal,
            title,
        };
        let (mut first, mut last_sweep) = (0, -1);
        for row in json["spans"].as_array().expect("spans") {
            let count = |column: usize| row[column].as_u64().unwrap_or(0);
            let time = row[seconds].as_f64().unwrap_or(0.0);
            match row[activity].as_str().unwrap_or("") {
                "visit" => record.visits.push(Visit { tile: count(tile) as usize, steps: count(steps), seconds: time }),
                "phase" => {
                    let number = row[sweep].as_i64().unwrap_or(0);
                    if number != last_sweep
                        && let Some(phase) = record.phases.last_mut()
                    {
                        phase.ends_sweep = true;
                    }
                    last_sweep = number;
                    record.phases.push(Phase { ends_sweep: false, visits: first..record.visits.len() });
                    first = record.visits.len();
                    record.messages += count(messages);
                    record.bytes += count(bytes);
                }
                "solve" => record.seconds = time,
                "descend" => {}
                _ => record.outside += time,
            }
        }
        if let Some(phase) = record.phases.last_mut() {
            phase.ends_sweep = true;
        }
        record
    }

    fn steps(&self) -> u64 {
        self.visits.iter().map(|visit| visit.steps).sum()
    }

    fn busy(&self) -> f64 {
        self.visits.iter().map(|visit| visit.seconds).sum()
    }

    /// Takes the smaller times of another run of the same.
    fn least(mut self, other: &Record) -> Record {
        if self.visits.len() == other.visits.len() {
            for (to, from) in self.visits.iter_mut().zip(&other.visits) {
                to.seconds = to.seconds.min(from.seconds);
            }
        }
        self.outside = self.outside.min(other.outside);
        self.seconds = self.seconds.min(other.seconds);
        self
    }
}

/// Who has which tile, as the library shares them out among blocks of equal size.
struct Shares {
    n: usize,
    owner: Vec<usize>,
    /// For each tile, the other ranks that hear of its steps.
    hearers: Vec<Vec<usize>>,
    /// For each rank, those it exchanges messages with.
    partners: Vec<Vec<usize>>,
    /// The largest part of the domain that a rank has.
    largest: f64,
}

/// As equal factors as can be, the largest first.
fn factors(n: usize, axes: usize) -> Vec<usize> {
    if axes == 1 {
        return vec![n];
    }
    let root = (n as f64).powf(1.0 / axes as f64) + 1e-9;
    let least = (1..=root as usize).rev().find(|f| n.is_multiple_of(*f));
    let least = least.unwrap_or(1);
    let mut all = factors(n / least, axes - 1);
    all.push(least);
    all
}

impl Shares {
    fn new(record: &Record, n: usize) -> Shares {
        let grid = &record.grid;
        let axes: Vec<usize> = (0..AXES).filter(|a| record.signal[*a] > 1).collect();
        let mut dims = [1; AXES];
        for (axis, factor) in axes.iter().zip(factors(n, axes.len())) {
            dims[*axis] = factor;
        }
        let part = |rank: usize| -> [std::ops::Range<usize>; AXES] {
            let at = [rank / (dims[1] * dims[2]), rank / dims[2] % dims[1], rank % dims[2]];
            std::array::from_fn(|a| {
                let cut = |i: usize| record.signal[a] * i as i64 / dims[a] as i64;
                grid.intervals(a, cut(at[a]), cut(at[a] + 1))
            })
        };
        let mut parts: Vec<_> = (0..n).map(part).collect();
        let size = |part: &[std::ops::Range<usize>; AXES]| -> usize { part.iter().map(|range| range.len()).product() };
        let most = parts.iter().map(size).max().unwrap_or(0);
        let counts = grid.counts();
        if most > 2 * counts.iter().product::<usize>().div_ceil(n) {
            parts = balanced(counts, n);
        }
        let mut owner = vec![0; grid.len()];
        for (rank, part) in parts.iter().enumerate() {
            for Number(tile) in grid.tiles_in(part) {
                owner[tile] = rank;
            }
        }
        let mut partners = vec![BTreeSet::new(); n];
        let hearers = grid.numbers().map(|tile| {
            let around = grid.neighbours(tile).into_iter();
            let ranks: BTreeSet<usize> = around.map(|other| owner[other.tile.0]).collect();
            let ranks: Vec<usize> = ranks.into_iter().filter(|r| *r != owner[tile.0]).collect();
            partners[owner[tile.0]].extend(&ranks);
            ranks
        });
        let hearers = hearers.collect();
        let volume = |part| grid.region(part).volume() as f64;
        let whole = Block::whole(std::array::from_fn(|a| grid.extent(a))).volume() as f64;
        Shares {
            n,
            owner,
            hearers,
            partners: partners.into_iter().map(|p| p.into_iter().collect()).collect(),
            largest: parts.iter().map(volume).fold(0.0, f64::max) / whole,
        }
    }
}

/// What a run on P ranks is predicted to be; of the rank that has most.
#[derive(Clone, Copy, Default)]
struct Predicted {
    seconds: f64,
    busy: f64,
    steps: u64,
    messages: u64,
    bytes: u64,
}

fn most<T: Copy>(values: &[T], larger: impl Fn(T, T) -> T) -> Option<T> {
    values.iter().copied().reduce(larger)
}

/// Correlations and certificates, and the reductions that go with them.
fn outside(record: &Record, shares: &Shares, machine: &Machine) -> f64 {
    let reductions = REDUCTIONS * machine.reduction * (shares.n as f64).log2();
    record.outside * shares.largest + reductions
}

fn per_rank(record: &Record, shares: &Shares) -> Predicted {
    let (mut busy, mut steps) = (vec![0.0; shares.n], vec![0; shares.n]);
    for visit in &record.visits {
        busy[shares.owner[visit.tile]] += visit.seconds;
        steps[shares.owner[visit.tile]] += visit.steps;
    }
    Predicted {
        busy: most(&busy, f64::max).unwrap_or(0.0),
        steps: most(&steps, u64::max).unwrap_or(0),
        ..Predicted::default()
    }
}

fn coloured(record: &Record, shares: &Shares, machine: &Machine) -> Predicted {
    let n = shares.n;
    let reduction = machine.reduction * (n as f64).log2();
    let mut clock = vec![0.0f64; n];
    let mut sent = vec![0.0f64; n];
    let (mut messages, mut bytes) = (vec![0u64; n], vec![0u64; n]);
    let mut pending: Option<f64> = None;
    for phase in &record.phases {
        // Tiles near other ranks go first; their steps travel while the others' are made.
        let (mut first, mut later) = (vec![0.0; n], vec![0.0; n]);
        let mut load: BTreeMap<(usize, usize), f64> = BTreeMap::new();
        for visit in &record.visits[phase.visits.clone()] {
            let rank = shares.owner[visit.tile];
            let hearers = &shares.hearers[visit.tile];
            match hearers.is_empty() {
                true => later[rank] += visit.seconds,
                false => first[rank] += visit.seconds,
            }
            if visit.steps > 0 {
                for to in hearers {
                    *load.entry((rank, *to)).or_default() += HEAD + STEP * visit.steps as f64;
                }
            }
        }
        for rank in 0..n {
            let partners = shares.partners[rank].len();
            messages[rank] += partners as u64;
            sent[rank] = clock[rank] + first[rank] + machine.overhead * partners as f64;
            clock[rank] = sent[rank] + later[rank];
        }
        for ((from, _), load) in &load {
            bytes[*from] += *load as u64;
        }
        for (rank, clock) in clock.iter_mut().enumerate() {
            for from in &shares.partners[rank] {
                let load = load.get(&(*from, rank)).copied().unwrap_or(0.0);
                let arrival = sent[*from] + machine.latency + load / machine.bandwidth;
                *clock = clock.max(arrival) + machine.overhead;
            }
        }
        if phase.ends_sweep {
            // The result of the sweep before is awaited.
            let begun = most(&clock, f64::max).unwrap_or(0.0);
            if let Some(before) = pending {
                clock.iter_mut().for_each(|clock| *clock = clock.max(before));
            }
            pending = Some(begun + reduction);
        }
    }
    let end = most(&clock, f64::max).unwrap_or(0.0).max(pending.unwrap_or(0.0));
    Predicted {
        seconds: end + outside(record, shares, machine),
        messages: most(&messages, u64::max).unwrap_or(0),
        bytes: most(&bytes, u64::max).unwrap_or(0),
        ..per_rank(record, shares)
    }
}

/// A time as a key of the event queue.
#[derive(Clone, Copy, PartialEq)]
struct Time(f64);

impl Eq for Time {}

impl PartialOrd for Time {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Time {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// For each visit, the visits that have to be known of before it.
fn news(record: &Record) -> Vec<Vec<u32>> {
    let grid = &record.grid;
    let around: Vec<Vec<usize>> = grid
        .numbers()
        .map(|tile| {
            let around: BTreeSet<usize> = grid.neighbours(tile).iter().map(|n| n.tile.0).collect();
            around.into_iter().filter(|other| *other != tile.0).collect()
        })
        .collect();
    // The last visit of each tile, and the last of them that made steps.
    let mut last: Vec<Option<u32>> = vec![None; grid.len()];
    let mut last_news = last.clone();
    let visits = record.visits.iter().enumerate().map(|(number, visit)| {
        let before = last[visit.tile];
        let told = around[visit.tile].iter().filter_map(|other| last_news[*other]);
        let mut known: Vec<u32> = told.filter(|news| Some(*news) > before).collect();
        known.extend(before);
        last[visit.tile] = Some(number as u32);
        if visit.steps > 0 {
            last_news[visit.tile] = Some(number as u32);
        }
        known
    });
    visits.collect()
}

/// `more`: how many steps real runs make for one of the record.
fn asynchronous(record: &Record, news: &[Vec<u32>], shares: &Shares, machine: &Machine, more: f64) -> Predicted {
    let n = shares.n;
    let mut missing: Vec<u32> = news.iter().map(|known| known.len() as u32).collect();
    let mut dependants = vec![Vec::new(); news.len()];
    for (visit, known) in news.iter().enumerate() {
        for before in known {
            dependants[*before as usize].push(visit as u32);
        }
    }
    let mut ready = vec![BinaryHeap::new(); n];
    let mut busy_until = vec![0.0f64; n];
    // At a time, a visit is lacking one piece of news less, or (none) a rank looks for a visit.
    let mut events: BinaryHeap<Reverse<(Time, usize, Option<u32>)>> = BinaryHeap::new();
    for (visit, missing) in missing.iter().enumerate().filter(|(_, m)| **m == 0) {
        debug_assert_eq!(*missing, 0);
        ready[shares.owner[record.visits[visit].tile]].push(Reverse(visit as u32));
    }
    events.extend((0..n).map(|rank| Reverse((Time(0.0), rank, None))));
    let (mut end, mut messages, mut done) = (0.0f64, vec![0u64; n], 0);
    let mut bytes = vec![0u64; n];
    while let Some(Reverse((Time(now), rank, arrived))) = events.pop() {
        if let Some(visit) = arrived {
            missing[visit as usize] -= 1;
            if missing[visit as usize] > 0 {
                continue;
            }
            ready[rank].push(Reverse(visit));
        }
        if busy_until[rank] > now {
            continue;
        }
        let Some(Reverse(visit)) = ready[rank].pop() else {
            continue;
        };
        let Visit { tile, steps, seconds } = record.visits[visit as usize];
        let hearers = match steps {
            0 => &[][..],
            _ => &shares.hearers[tile],
        };
        let finish = now + more * seconds + machine.overhead * hearers.len() as f64;
        let load = HEAD + STEP * steps as f64 * more;
        messages[rank] += hearers.len() as u64;
        bytes[rank] += hearers.len() as u64 * load as u64;
        (busy_until[rank], end, done) = (finish, end.max(finish), done + 1);
        events.push(Reverse((Time(finish), rank, None)));
        for other in &dependants[visit as usize] {
            let to = shares.owner[record.visits[*other as usize].tile];
            let at = match to == rank {
                true => finish,
                false => finish + machine.latency + load / machine.bandwidth + machine.overhead,
            };
            events.push(Reverse((Time(at), to, Some(*other))));
        }
    }
    assert_eq!(done, record.visits.len(), "every visit was made");
    // Twice in a row all have to be idle.
    let ending = 2.0 * machine.reduction * (n as f64).log2();
    Predicted {
        seconds: end + ending + outside(record, shares, machine),
        messages: most(&messages, u64::max).unwrap_or(0),
        bytes: most(&bytes, u64::max).unwrap_or(0),
        ..per_rank(record, shares)
    }
}

/// A real run: by rank, the least times of all its runs.
type Run = Vec<Record>;

/// The traces in a directory, by problem, schedule and number of ranks.
fn read_all(directory: &str) -> BTreeMap<(String, String, usize), Run> {
    let mut found: BTreeMap<(String, String, usize), BTreeMap<usize, Record>> = BTreeMap::new();
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .unwrap_or_else(|e| panic!("{directory}: {e}"))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    for path in files {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let parts: Vec<&str> = name.split('-').collect();
        let [problem, schedule, ranks, rank, _run] = parts[..] else {
            continue;
        };
        let (Ok(ranks), Ok(rank)) = (ranks.parse(), rank.parse()) else {
            continue;
        };
        let run = found.entry((problem.into(), schedule.into(), ranks)).or_default();
        let record = Record::read(&path);
        let record = match run.remove(&rank) {
            Some(before) => before.least(&record),
            None => record,
        };
        run.insert(rank, record);
    }
    let run = |run: BTreeMap<usize, Record>| run.into_values().collect();
    found.into_iter().map(|(key, value)| (key, run(value))).collect()
}

/// A curve of the picture.
struct Curve {
    name: String,
    colour: &'static str,
    dashed: bool,
    points: Vec<(f64, f64)>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let mut machine = MACHINE;
    let mut plain = Vec::new();
    for argument in &arguments {
        match argument.split_once('=') {
            Some((name, value)) => {
                let value: f64 = value.parse().expect("a number");
                match name {
                    "latency" => machine.latency = value,
                    "bandwidth" => machine.bandwidth = value,
                    "reduction" => machine.reduction = value,
                    "overhead" => machine.overhead = value,
                    _ => panic!("{name} is none of latency, bandwidth, reduction, overhead"),
                }
            }
            None => plain.push(argument),
        }
    }
    let [directory, picture] = plain[..] else {
        eprintln!("replay TRACES PICTURE.svg [latency=s] [bandwidth=B/s] [reduction=s] [overhead=s]");
        return;
    };
    println!("{machine:?}\n");
    let runs = read_all(directory);
    let problems: BTreeSet<&String> = runs.keys().map(|(problem, _, _)| problem).collect();
    let mut curves = Vec::new();
    let colours = [["#1f5fbf", "#7fb2f0"], ["#b3331d", "#eea08c"], ["#2b7a3b", "#98d0a4"]];
    for (problem, colours) in problems.into_iter().zip(colours.iter().cycle()) {
        let Some(run) = runs.get(&(problem.clone(), "coloured".into(), 1)) else {
            continue;
        };
        let record = &run[0];
        let news = news(record);
        let one = coloured(record, &Shares::new(record, 1), &machine);
        let n_tiles = record.grid.len();
        println!(
            "{problem}, {}: {} steps, {} visits, {n_tiles} tiles",
            record.title,
            record.steps(),
            record.visits.len()
        );
        println!("\n| ranks | schedule | steps | ÷ 1 rank | most steps | most messages | most kB | busy s | call s |");
        println!("| --: | --- | --: | --: | --: | --: | --: | --: | --: |");
        let mut more = 1.0f64;
        for ((name, schedule, n), run) in &runs {
            if name != problem {
                continue;
            }
            let steps: u64 = run.iter().map(Record::steps).sum();
            let ratio = steps as f64 / record.steps() as f64;
            if schedule == "asynchronous" {
                more = more.max(ratio);
            }
            let largest = |of: &dyn Fn(&Record) -> f64| run.iter().map(of).fold(0.0, f64::max);
            println!(
                "| {n} | {schedule}, real | {steps} | {ratio:.3} | {} | {} | {:.1} | {:.4} | {:.4} |",
                largest(&|r| r.steps() as f64),
                largest(&|r| r.messages as f64),
                largest(&|r| r.bytes as f64) / 1e3,
                largest(&Record::busy),
                largest(&|r| r.seconds),
            );
            let shares = Shares::new(record, *n);
            let predicted = match schedule.as_str() {
                "coloured" => coloured(record, &shares, &machine),
                _ => asynchronous(record, &news, &shares, &machine, ratio),
            };
            println!(
                "| | predicted | | | {} | {} | {:.1} | {:.4} | {:.4} |",
                predicted.steps,
                predicted.messages,
                predicted.bytes as f64 / 1e3,
                predicted.busy,
                predicted.seconds,
            );
        }
        println!("\n| ranks | coloured s | speed-up | efficiency | asynchronous s | speed-up | efficiency |");
        println!("| --: | --: | --: | --: | --: | --: | --: |");
        let mut points = [Vec::new(), Vec::new()];
        let ranks = [1, 2, 4, 9, 16, 36, 64, 100, 225, 400, 900, 1600, 2500, 4900, 10_000];
        for n in ranks.into_iter().filter(|n| *n <= n_tiles) {
            let shares = Shares::new(record, n);
            let steps = if n == 1 { 1.0 } else { more };
            let both = [coloured(record, &shares, &machine), asynchronous(record, &news, &shares, &machine, steps)];
            let speed = both.map(|predicted| one.seconds / predicted.seconds);
            print!("| {n} ");
            for ((predicted, speed), points) in both.iter().zip(speed).zip(&mut points) {
                points.push((n as f64, speed));
                print!("| {:.6} | {speed:.1} | {:.0} % ", predicted.seconds, 100.0 * speed / n as f64);
            }
            println!("|");
        }
        println!("\nasynchronous: {more:.3} steps for one of the coloured schedule, the most that was seen\n");
        for (i, points) in points.into_iter().enumerate() {
            curves.push(Curve {
                name: format!("{}: {}", record.title, ["coloured", "asynchronous"][i]),
                colour: colours[i],
                dashed: i == 1,
                points,
            });
        }
    }
    std::fs::write(picture, svg(&curves)).unwrap_or_else(|e| panic!("{picture}: {e}"));
}

/// Speed-up and efficiency over ranks, both axes logarithmic in the first, one in the second.
fn svg(curves: &[Curve]) -> String {
    const PUBLISHED: (f64, f64) = (225.0, 11.0);
    let (left, width, height, gap) = (70.0, 380.0, 300.0, 90.0);
    let x = |panel: f64, ranks: f64| left + panel * (width + gap) + width * ranks.log10() / 4.0;
    let up = |speed: f64| 40.0 + height * (1.0 - speed.max(0.5).log10() / 4.0);
    let efficiency = |part: f64| 40.0 + height * (1.0 - part.min(1.1) / 1.1);
    let mut out = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"960\" height=\"470\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"960\" height=\"470\" fill=\"white\"/>\n",
    );
    let line = |out: &mut String, a: (f64, f64), b: (f64, f64), style: &str| {
        let _ =
            writeln!(out, "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" {style}/>", a.0, a.1, b.0, b.1);
    };
    let text = |out: &mut String, at: (f64, f64), anchor: &str, text: &str| {
        let _ = writeln!(out, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{text}</text>", at.0, at.1);
    };
    let thin = "stroke=\"#ddd\"";
    for power in 0..=4 {
        let n = 10f64.powi(power);
        for panel in [0.0, 1.0] {
            line(&mut out, (x(panel, n), 40.0), (x(panel, n), 40.0 + height), thin);
            text(&mut out, (x(panel, n), 58.0 + height), "middle", &format!("{n}"));
        }
        line(&mut out, (x(0.0, 1.0), up(n)), (x(0.0, 1e4), up(n)), thin);
        text(&mut out, (x(0.0, 1.0) - 8.0, up(n) + 4.0), "end", &format!("{n}"));
        let part = 0.25 * f64::from(power);
        line(&mut out, (x(1.0, 1.0), efficiency(part)), (x(1.0, 1e4), efficiency(part)), thin);
        text(&mut out, (x(1.0, 1.0) - 8.0, efficiency(part) + 4.0), "end", &format!("{:.0} %", 100.0 * part));
    }
    text(&mut out, (x(0.0, 100.0), 26.0), "middle", "speed-up over one rank");
    text(&mut out, (x(1.0, 100.0), 26.0), "middle", "efficiency");
    for panel in [0.0, 1.0] {
        text(&mut out, (x(panel, 100.0), 78.0 + height), "middle", "ranks");
    }
    line(&mut out, (x(0.0, 1.0), up(1.0)), (x(0.0, 1e4), up(1e4)), "stroke=\"#999\" stroke-dasharray=\"2 4\"");
    for (i, curve) in curves.iter().enumerate() {
        let style = format!(
            "stroke=\"{}\" stroke-width=\"2\" fill=\"none\"{}",
            curve.colour,
            if curve.dashed { " stroke-dasharray=\"7 4\"" } else { "" }
        );
        for panel in [0.0, 1.0] {
            let place = |(n, speed): &(f64, f64)| {
                let y = if panel == 0.0 { up(*speed) } else { efficiency(speed / n) };
                format!("{:.1},{y:.1}", x(panel, *n))
            };
            let points: Vec<String> = curve.points.iter().map(place).collect();
            let _ = writeln!(out, "<polyline points=\"{}\" {style}/>", points.join(" "));
        }
        let at = (left + 430.0 * (i / 2) as f64, 415.0 + 22.0 * (i % 2) as f64);
        line(&mut out, (at.0, at.1 - 4.0), (at.0 + 30.0, at.1 - 4.0), &style);
        text(&mut out, (at.0 + 38.0, at.1), "start", &curve.name);
    }
    let (n, speed) = PUBLISHED;
    for (panel, y) in [(0.0, up(speed)), (1.0, efficiency(speed / n))] {
        let _ = writeln!(out, "<circle cx=\"{:.1}\" cy=\"{y:.1}\" r=\"5\" fill=\"black\"/>", x(panel, n));
        text(&mut out, (x(panel, n) + 9.0, y + 14.0), "start", "published: 11 on 225");
    }
    out.push_str("</svg>\n");
    out
}
