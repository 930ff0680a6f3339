//! Names that options have in other packages.

/// A name that others use.
pub(crate) struct Alias {
    /// How it is written, in small letters, with underscores.
    pub(crate) names: &'static [&'static str],
    /// What is ours.
    pub(crate) ours: Ours,
}

/// What is meant by a name of others.
pub(crate) enum Ours {
    /// An option of ours.
    Key(&'static str),
    /// One of two options.
    Either(&'static str, &'static str),
    /// No option: a sentence that says where it is, in C, Fortran and Julia.
    Elsewhere([&'static str; 3]),
}

/// Names of the number of threads, in any table.
const THREAD_NAMES: &[&str] = &[
    "n_jobs",
    "njobs",
    "jobs",
    "n_threads",
    "nthreads",
    "num_threads",
    "max_threads",
    "threads",
    "n_workers",
    "num_workers",
    "max_workers",
    "workers",
    "n_cores",
    "num_cores",
    "cores",
    "n_cpus",
    "num_cpus",
    "n_procs",
    "processes",
];

/// Names of chatter, in any table.
const VERBOSE_NAMES: &[&str] = &[
    "verbose",
    "verbosity",
    "verb",
    "quiet",
    "silent",
    "disp",
    "display",
    "print",
    "print_level",
    "log",
    "log_level",
    "debug",
];

const fn key(names: &'static [&'static str], ours: &'static str) -> Alias {
    Alias { names, ours: Ours::Key(ours) }
}

const fn either(names: &'static [&'static str], one: &'static str, other: &'static str) -> Alias {
    Alias { names, ours: Ours::Either(one, other) }
}

const fn elsewhere(names: &'static [&'static str], texts: [&'static str; 3]) -> Alias {
    Alias { names, ours: Ours::Elsewhere(texts) }
}

/// Names of options of a solve and of learning.
pub(super) const SOLVE: &[Alias] = &[
    key(
        &[
            "lambda",
            "lambda_",
            "lmbda",
            "lmbd",
            "lam",
            "alpha",
            "regul",
            "regularisation",
            "regularization",
            "reg_param",
            "penalty",
            "l1",
            "l1_reg",
            "l1_penalty",
            "sparsity",
        ],
        "reg",
    ),
    key(&["lambdas", "regs", "alphas"], "reg_per_atom"),
    key(&["l2", "l2_reg", "l2_penalty", "elastic_net", "mu", "tikhonov"], "ridge"),
    key(&["tolerance", "eps", "epsilon", "rtol", "rel_tol", "reltol", "ftol", "xtol", "precision"], "tol"),
    either(&["atol", "abs_tol", "abstol"], "tol", "tol_scale"),
    either(
        &[
            "n_iter",
            "niter",
            "num_iter",
            "n_iterations",
            "iterations",
            "iter",
            "iter_max",
            "itermax",
            "maxit",
            "maxiter",
            "max_iterations",
            "max_steps",
            "epochs",
            "n_epochs",
        ],
        "max_iter",
        "learn_max_iter",
    ),
    key(
        &[
            "timeout",
            "time_out",
            "max_time",
            "maxtime",
            "time_max",
            "max_seconds",
            "seconds",
            "walltime",
            "deadline",
            "budget",
        ],
        "time_limit",
    ),
    key(&["random_state", "random_seed", "rng", "rng_seed"], "seed"),
    key(&["nonnegative", "non_negative", "nonneg", "positivity", "z_positive"], "positive"),
    key(&["circular", "wrap", "boundary", "boundaries", "boundary_conditions", "pbc"], "periodic"),
    key(&["z0", "z_init", "init_z", "hot_start", "warm"], "warm_start"),
    key(&["freeze_support", "fixed_support"], "frozen_support"),
    key(&["algorithm", "algo", "solver", "method", "selection", "sampling"], "strategy"),
    key(&["use_fft", "fft", "gemm", "convolution"], "correlation"),
    key(&["n_seg", "n_segments", "tile_size", "tiles", "block_size"], "tile_shape"),
    key(&["init", "init_dict", "d_init", "dict_init", "initialisation", "initialization"], "learn_init"),
    key(&["batch_size", "minibatch", "mini_batch_size"], "learn_batch"),
    key(&["rank1", "rank_1", "uv_constraint"], "learn_rank_one"),
    key(&["forgetting_factor", "decay"], "learn_forgetting"),
    elsewhere(
        THREAD_NAMES,
        [
            "threads are the context's: dicod_context_create(n_threads, &context)",
            "threads are the context's: call context%create(n_threads=n)",
            "threads are the context's: Context(threads=n)",
        ],
    ),
    elsewhere(
        VERBOSE_NAMES,
        [
            "the library prints nothing; dicod_context_set_log() and dicod_context_set_progress() tell how a call gets on",
            "the library prints nothing; context%set_log and context%set_progress tell how a call gets on",
            "the library prints nothing; Context(log=..., progress=...) tells how a call gets on",
        ],
    ),
    elsewhere(
        &["callback", "callbacks", "progress"],
        [
            "a callback is set by dicod_context_set_progress()",
            "a callback is set by context%set_progress",
            "a callback is given to Context(progress=...)",
        ],
    ),
    elsewhere(
        &["comm", "communicator", "mpi_comm"],
        [
            "a communicator is the context's: dicod_context_create_mpi()",
            "a communicator is the context's: create_context(context, comm) of dicod_mpi",
            "a communicator is the context's: Context(comm)",
        ],
    ),
    elsewhere(
        &["n_atoms", "n_components", "n_channels", "n_signals", "atom_shape", "n_times_atom", "kernel_size"],
        [
            "it is an argument of the function, not an option",
            "it follows from the shapes of the arrays, it is not an option",
            "it follows from the shapes of the arrays, it is not an option",
        ],
    ),
    elsewhere(
        &["dtype", "element_type", "single_precision"],
        [
            "the type follows from the function: those for float end in _f32",
            "the type follows from the kind of the arrays, real32 or real64",
            "the type follows from that of the arrays, Float32 or Float64",
        ],
    ),
];

/// Names of settings of a map.
pub(super) const MAP: &[Alias] = &[
    key(&["chunksize", "chunk_size", "batch_size", "grain", "grain_size", "block_size"], "chunk"),
    key(&["timeout", "time_limit", "max_time", "walltime", "time_out"], "deadline"),
    key(&["on_error", "error", "error_policy", "raise", "fail_fast"], "errors"),
    key(&["scheduler", "scheduling", "backend", "policy", "distribution"], "schedule"),
    key(&["max_retries", "retry", "n_retries", "attempts"], "retries"),
    key(&["random_state", "random_seed", "rng", "rng_seed"], "seed"),
    key(&["max_in_flight", "in_flight", "prefetch", "pre_dispatch", "queue_size", "buffer_size"], "max_outstanding"),
    key(&["order", "keep_order", "in_order", "preserve_order"], "ordered"),
    key(&["master_works", "root_participates", "rank_0_works"], "root_works"),
    key(&["ranks", "n_ranks", "group_size", "procs_per_task"], "ranks_per_task"),
    key(&["interval", "update_interval"], "progress_interval"),
    elsewhere(
        THREAD_NAMES,
        [
            "threads are the context's: dicod_context_create(n_threads, &context)",
            "threads are the context's: call context%create(n_threads=n)",
            "threads are those that Julia was started with",
        ],
    ),
    elsewhere(
        VERBOSE_NAMES,
        [
            "the library prints nothing; parmap_set_progress() tells how a run gets on",
            "the library prints nothing; map%set_progress tells how a run gets on",
            "the library prints nothing; Map(progress=...) tells how a run gets on",
        ],
    ),
];
