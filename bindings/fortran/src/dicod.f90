! libdicod for Fortran: convolutional sparse coding, dictionary learning, segmentation, parallel map.
!
!   use dicod
!   call solve(x, d, z, reg=0.1_real64)
!
! Arrays are in Fortran's natural order: signals x(nx, ny, channel, signal), dictionaries d(lx, ly, channel, atom),
! activations z(vx, vy, atom, signal), with one to three axes in front; the axis of signals may be left out where there is
! one, that of channels of x as well. Shapes, offsets and lists "per axis" go in the same order. Positions and numbers of
! atoms, signals, segments and tasks count from 1; an offset is the number of elements before.
!
! Every procedure takes stat (a dicod_status: 0, positive for a valid result that ended early, negative for an error) and
! errmsg. Without stat an error stops the program with its message. last_error() has the whole of a long message of the
! library's.
!
! Variables of the types here free what they hold when they go out of scope, unless that would be collective: what was made
! over a communicator has to be freed by %free(), by all ranks, before MPI_Finalize. They cannot be copied.
!
! Procedures that a map calls in several threads have to be recursive: gfortran's others may keep variables between calls.
module dicod
  use, intrinsic :: iso_fortran_env, only: int8, int32, int64, real32, real64
  !@use_c but dicod_problem, dicod_array, dicod_const_array, dicod_option_info, parmap_reducer, parmap_node, parmap_operator, parmap_member
  use dicod_error_m, only: last_error, status_text, library_version, build_info
  use dicod_context_m, only: dicod_context, log_procedure, progress_procedure
  use dicod_options_m, only: dicod_options, option_description, n_options, describe_option, &
    n_settings, describe_setting
  use dicod_shape_m, only: valid_shape, valid_block, dicod_description
  use dicod_solve_m, only: solve, lambda_max, reconstruct, objective, gram, info_text
  use dicod_encoder_m, only: dicod_encoder, dicod_sparse, encoder_memory, path_procedure, reg_path
  use dicod_learner_m, only: learn, initial_dictionary, dicod_learner, learner_memory, learn_procedure, step_nonzeros
  use segmentation_m, only: segmentation
  use parmap_task_m, only: parmap_task, parmap_data, parmap_buffer
  use parmap_callback_m, only: map_progress_procedure, item_procedure, produce_procedure, consume_procedure, state_procedure, &
    state_pack_procedure, state_unpack_procedure, state_join_procedure
  !@each bytes
  use parmap_callback_m, only: map_procedure{of}, reduce_procedure{of}, join_procedure{of}, state_input_procedure{of}
  !@end
  use parmap_m, only: parmap, parmap_pull, report_message, report_text
  use parmap_flow_m, only: parmap_flow, parmap_node, can_fork_procedure, train_procedure, stop_procedure, execute_procedure, &
    restart_procedure, checkpoint_procedure
  use parmap_operators_m, only: parmap_operators, parmap_operator, operator_procedure, operator_procedure_real32, end_procedure
  use parmap_ensemble_m, only: parmap_ensemble, parmap_member, solver_procedure
  implicit none
  public
end module
