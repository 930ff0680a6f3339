//! include/dicod.h compiles as C11 and C++17 without a warning, and its structs are as large as the bindings think.

use dicod_tools::Sources;
use std::fmt::Write;

const USE: &str = "
#include \"dicod.h\"
#include \"dicod.h\"
int main(void) {
    dicod_info info = DICOD_INFO_INIT;
    dicod_problem problem = DICOD_PROBLEM_2D(9, 8, 3, 2, 1);
    dicod_array array = DICOD_ARRAY_INIT;
    dicod_const_array input = DICOD_CONST_ARRAY_INIT;
    dicod_option_info option = DICOD_OPTION_INFO_INIT;
    dicod_context *context = 0;
    dicod_encoder *encoder = 0;
    dicod_learn_step step = DICOD_LEARN_STEP_INIT;
    dicod_learn_info learnt = DICOD_LEARN_INFO_INIT;
    dicod_learner *learner = 0;
    dicod_learn_fn each = 0;
    dicod_segmentation *segments = 0;
    dicod_log_fn log = 0;
    dicod_progress_fn progress = 0;
    dicod_parmap *map = 0;
    parmap_report report = PARMAP_REPORT_INIT;
    parmap_reducer reducer = PARMAP_REDUCER_INIT;
    parmap_node node = PARMAP_NODE_INIT;
    parmap_operator part = PARMAP_OPERATOR_INIT;
    parmap_flow *flow = 0;
    parmap_operators *parts = 0;
    parmap_set_progress(map, parmap_progress_bar, 0);
    parmap_reduce(map, 0, &reducer, 0, 0, 0, 0, &report);
    parmap_flow_create(1, &node, &flow);
    parmap_operators_create_vector(1, &part, &parts);
    return dicod_context_create(1, &context) + dicod_encoder_solve(encoder, &input, &info) + dicod_encoder_get_z(encoder, &array)
        + dicod_options_describe(0, &option) + dicod_context_set_log(context, log, 0)
        + dicod_context_set_progress(context, progress, 0)
        + dicod_learner_step(learner, &input, &step)
        + dicod_learner_run(learner, &input, each, 0, &learnt)
        + dicod_encoder_create(context, 0, &problem, 0, &encoder) + dicod_encoder_free(&encoder)
        + segmentation_reset(segments, 0) != DICOD_OK;
}
";

/// Lets the compiler that CC or CXX names look at a program that includes the header.
fn compiles(standard: &str, suffix: &str, program: &str) {
    static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let source = std::env::temp_dir().join(format!("header-{}-{number}.{suffix}", std::process::id()));
    std::fs::write(&source, program).unwrap();
    let include = dicod_tools::root().join("include");
    let mut compiler = cc::Build::new();
    compiler.host(env!("HOST")).target(env!("TARGET")).opt_level(0).cargo_metadata(false);
    compiler.cpp(suffix == "cpp").std(standard).include(include).warnings_into_errors(true);
    compiler.extra_warnings(true).flag("-Wconversion").flag("-pedantic").flag("-fsyntax-only");
    let mut command = compiler.get_compiler().to_command();
    let output = command.arg(&source).output();
    std::fs::remove_file(&source).unwrap();
    let output = output.unwrap();
    let compiler = command.get_program();
    assert!(output.status.success(), "{compiler:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_header_compiles_as_c_and_cpp_without_warnings() {
    compiles("c11", "c", USE);
    compiles("c++17", "cpp", USE);
}

/// The sizes that the Fortran layer has in it are those of the library's structs.
#[test]
fn sizes_of_structs() {
    let c = Sources::read(&dicod_tools::root()).interface();
    assert!(c.structs.len() > 10);
    let mut program = "#include \"dicod.h\"\n".to_string();
    for of in &c.structs {
        let (name, size) = (&of.name, c.size_of(of));
        writeln!(program, "_Static_assert(sizeof({name}) == {size}, \"{name}\");").unwrap();
    }
    compiles("c11", "c", &program);
}
