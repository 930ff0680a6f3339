! Every kind and every form of x, in one to three axes, against C, byte by byte: all axes differ, so that none is taken for
! another. Encoders and learners get blocks with ghost layers around.
module shape_checks
  use checks
  use dicod
  use dicod_c
  implicit none
  private
  public :: check_shapes
  integer(int64), parameter :: signal(3) = [12, 11, 9], atom(3) = [2, 3, 4]
  integer(int64), parameter :: n_atoms = 3

contains

  ! few: not all of them, which valgrind makes slow.
  subroutine check_shapes(few)
    logical, intent(in) :: few
    !@each x d z
    if (.not. few .or. '{n}' == '343_r64') call shape_{n}()
    !@end
    !@each d
    if (.not. few .or. '{n}' == '3_r32') call atoms_{n}()
    !@end
  end subroutine

  !@each x d z
  subroutine shape_{n}()
    integer(int64), parameter :: n = {nd} - 2, n_channels = merge(2, 1, {nx} > n), n_signals = merge(2, 1, {nx} > n + 1)
    integer(int64), parameter :: s(n) = signal(:n), l(n) = atom(:n), v(n) = s - l + 1
    integer(int64), parameter :: all_x(n + 2) = [s, n_channels, n_signals], all_z(n + 2) = [v, n_atoms, n_signals]
    integer(int64), parameter :: sx({nx}) = all_x(:{nx}), sd({nd}) = [l, n_channels, n_atoms], sz({nz}) = all_z(:{nz})
    integer(int64) :: i
    ! Two more elements along each axis for the ghost layers.
    integer(int64), parameter :: gx({nx}) = sx + [(merge(2_int64, 0_int64, i <= n), i=1, {nx})]
    integer(int64), parameter :: gz({nz}) = sz + [(merge(2_int64, 0_int64, i <= n), i=1, {nz})]
    integer(int64), target :: cs(n), cl(n)
    real({kind}), allocatable, dimension({x}), target :: x, y, wanted_y, large_x
    real({kind}), allocatable, dimension({d}), target :: d, learnt, wanted_d
    real({kind}), allocatable, dimension({z}), target :: z, wanted, large_z
    real(real64), target :: found(2)
    real(real64) :: value, term
    type(dicod_info) :: info, reference
    type(dicod_encoder) :: encoder
    type(dicod_learner) :: learner, restored
    type(dicod_sparse) :: sparse
    integer(int64) :: room, room_gram, room_weights, more
    integer(int8), allocatable :: saved(:)
    type(dicod_problem) :: problem
    integer(int32) :: stat
    cs = s(n:1:-1)
    cl = l(n:1:-1)
    problem%n_axes = n
    problem%signal_shape(:n) = cs
    problem%atom_shape(:n) = cl
    problem%n_atoms = n_atoms
    problem%n_channels = n_channels
    problem%n_signals = n_signals
    allocate (x, y, wanted_y, source=reshape([(0.0_{kind}, i=1, product(sx))], sx))
    allocate (d, learnt, wanted_d, source=reshape([(0.0_{kind}, i=1, product(sd))], sd))
    allocate (z, wanted, source=reshape([(0.0_{kind}, i=1, product(sz))], sz))
    allocate (large_x, source=reshape([(-99.0_{kind}, i=1, product(gx))], gx))
    allocate (large_z, source=reshape([(-99.0_{kind}, i=1, product(gz))], gz))
    call fill{w}(x, size(x), 1)
    call fill{w}(d, size(d), 2)
    call solve(x, d, z, reg=0.2_real64, info=info)
    stat = reference_solve{c}('reg=0.2'//c_null_char, n, cs, n_signals, n_channels, n_atoms, cl, x, d, wanted, reference)
    call check(stat == DICOD_OK .and. same{w}(z, wanted, size(z)) .and. any(abs(z) > 0), 'solve_{n}')
    call check(info%steps == reference%steps .and. info%duality_gap >= 0, 'info of solve_{n}')
    found = 0
    value = lambda_max(x, d)
    stat = dicod_lambda_max{c}(c_null_ptr, c_null_ptr, problem, c_loc(x), c_loc(d), c_loc(found))
    call check(same([value], found, 1), 'lambda_max_{n}')
    value = objective(x, d, z, data_term=term)
    stat = dicod_objective{c}(c_null_ptr, c_null_ptr, problem, c_loc(x), c_loc(d), c_loc(z), c_loc(found(1)), c_loc(found(2)))
    call check(same([value, term], found, 2) .and. value > term, 'objective_{n}')
    call reconstruct(z, d, y)
    stat = dicod_reconstruct{c}(c_null_ptr, c_null_ptr, problem, c_loc(d), c_loc(z), c_loc(wanted_y))
    call check(same{w}(y, wanted_y, size(y)) .and. any(abs(y) > 0), 'reconstruct_{n}')

    large_x({section_x}) = x
    call encoder_memory(d, s, room, room_gram, room_weights, more, n_signals, offset=0*s, local_shape=s, reg=0.2_real64)
    call encoder%create(d, s, n_signals, reg=0.2_real64)
    call encoder%solve(large_x({section_x}), info)
    call encoder%get_z(large_z({section_z}))
    call check(room > 0 .and. room_gram == info%bytes_gram .and. room_weights > 0 .and. more > 0, 'encoder_memory_{n}')
    call learner_memory(d, s, more, room_gram, n_signals=n_signals, offset=0*s, local_shape=s, reg=0.2_real64)
    call check(more > room .and. room_gram == info%bytes_gram, 'learner_memory_{n}')
    y = large_x({section_x})
    z = large_z({section_z})
    call check(same{w}(z, wanted, size(z)) .and. same{w}(y, x, size(x)), 'encoder_{n}')
    large_z({section_z}) = -99
    call check(all(large_z < -98), 'ghost layers of z_{n}')
    call encoder%residual(large_x({section_x}), wanted_y)
    call encoder%objective(large_x({section_x}), value, term)
    call check(abs(value - info%objective) <= 1e-5*value .and. value > term, 'encoder, objective_{n}')
    call encoder%reconstruct(large_x({section_x}))
    call reconstruct(wanted, d, y)
    x = x - y
    call check(same{w}(wanted_y, x, size(x)) .and. any(abs(x) > 0), 'encoder, residual_{n}')
    wanted_y = large_x({section_x})
    call check(same{w}(y, wanted_y, size(y)), 'encoder, reconstruct_{n}')
    call fill{w}(x, size(x), 1)
    large_x({section_x}) = x
    call encoder%clear_z()
    call encoder%set_z(wanted)
    call encoder%get_z(z)
    call check(same{w}(z, wanted, size(z)), 'set_z_{n}')

    call learn(x, learnt, z, learn_max_iter=2_int64, stat=stat)
    call check(stat == reference_learn{c}('learn_max_iter=2'//c_null_char, n, cs, n_signals, n_channels, n_atoms, cl, x, &
      wanted_d, wanted), 'learn_{n}')
    call check(same{w}(learnt, wanted_d, size(d)) .and. same{w}(z, wanted, size(z)), 'learn_{n}, bits')
    wanted_d = 0
    call initial_dictionary(x, d, stat=stat)
    call initial_dictionary(large_x({section_x}), wanted_d, signal_shape=s)
    call check(stat == DICOD_OK .and. same{w}(d, wanted_d, size(d)) .and. any(abs(d) > 0), 'initial_dictionary_{n}')
    call learn(x, d, z, learn_init='given', learn_max_iter=2_int64, stat=stat)
    call check(same{w}(learnt, d, size(d)) .and. same{w}(z, wanted, size(z)), 'learn_{n} from it')
    wanted_d = learnt
    call fill{w}(d, size(d), 2)
    learnt = 0
    z = 0
    call learner%create(d, s, n_signals, learn_max_iter=2_int64)
    call learner%run(large_x({section_x}), stat=stat)
    call learner%get_dictionary(learnt)
    call learner%get_z(large_z({section_z}))
    z = large_z({section_z})
    call check(same{w}(learnt, wanted_d, size(d)) .and. same{w}(z, wanted, size(z)), 'learner_{n}')
    call reconstruct(z, learnt, y)
    call learner%reconstruct(wanted_y)
    call check(same{w}(wanted_y, y, size(y)), 'learner, reconstruct_{n}')
    call learner%residual(large_x({section_x}), wanted_y)
    y = x - y
    call check(same{w}(wanted_y, y, size(y)), 'learner, residual_{n}')
    call learner%objective(x, value, term)
    call check(abs(2*term - sum(real(y, real64)**2)) <= 1e-4*value .and. value > term, 'learner, objective_{n}')
    call learner%get_sparse(sparse)
    call check(sparse%count == count(wanted /= 0), 'learner, get_sparse_{n}')
    call learner%clear_z()
    call learner%set_sparse(sparse)
    call learner%get_z(z)
    call check(same{w}(z, wanted, size(z)), 'learner, set_sparse_{n}')
    call learner%clear_z()
    call learner%set_z(wanted)
    call learner%get_z(z)
    call check(same{w}(z, wanted, size(z)), 'learner, set_z_{n}')
    call encoder%get_dictionary(wanted_d)
    call check(same{w}(wanted_d, d, size(d)), 'encoder, get_dictionary_{n}')
    call learner%save(saved)
    call restored%restore(d, saved, s, n_signals)
    call learner%step(large_x({section_x}))
    call restored%step(x)
    call learner%get_dictionary(learnt)
    call restored%get_dictionary(wanted_d)
    call check(same{w}(learnt, wanted_d, size(d)), 'restored_{n}')
    call restored%encode(x)
    call learner%encode(large_x({section_x}))
    call restored%get_z(z)
    call learner%get_z(wanted)
    call check(same{w}(z, wanted, size(z)) .and. any(abs(z) > 0), 'encode_{n}')
  end subroutine

  !@end
  !@each d
  ! Dictionaries of two channels, and such of rank one.
  subroutine atoms_{n}()
    integer(int64), parameter :: n = {nd} - 2, s(n) = signal(:n), l(n) = atom(:n), sd({nd}) = [l, 2_int64, n_atoms]
    integer(int64), parameter :: sv({nv}) = [l, n_atoms], sg({nd}) = [2*l - 1, n_atoms, n_atoms]
    integer(int64), parameter :: sx(n + 1) = [s, 2_int64], sz(n + 1) = [s - l + 1, n_atoms]
    real({kind}), allocatable, dimension({d}), target :: d, g, wanted_g, again
    real({kind}), allocatable, dimension({v}), target :: v, x, z, wanted
    real({kind}), target :: u(2, n_atoms)
    type(dicod_encoder) :: encoder, factors
    type(dicod_learner) :: learner
    type(dicod_problem) :: problem
    integer(int32) :: stat
    integer(int64) :: i
    character(400) :: errmsg
    problem%n_axes = n
    problem%atom_shape(:n) = l(n:1:-1)
    problem%n_atoms = n_atoms
    problem%n_channels = 2
    allocate (d, again, source=reshape([(0.0_{kind}, i=1, product(sd))], sd))
    allocate (g, wanted_g, source=reshape([(0.0_{kind}, i=1, product(sg))], sg))
    allocate (v, source=reshape([(0.0_{kind}, i=1, product(sv))], sv))
    allocate (z, wanted, source=reshape([(0.0_{kind}, i=1, product(sz))], sz))
    allocate (x, source=reshape([(0.0_{kind}, i=1, product(sx))], sx))
    call fill{w}(d, size(d), 3)
    call fill{w}(u, size(u), 4)
    call fill{w}(v, size(v), 5)
    call fill{w}(x, size(x), 6)
    call gram(d, g)
    stat = dicod_gram{c}(c_null_ptr, problem, c_loc(d), c_loc(wanted_g))
    call check(stat == DICOD_OK .and. same{w}(g, wanted_g, size(g)), 'gram_{n}')
    call encoder%create(d, s)
    call encoder%solve(x)
    call factors%create_rank1(u, v, s)
    call factors%solve(x)
    call factors%get_z(wanted)
    call factors%set_dictionary(d)
    call factors%clear_z()
    call factors%solve(x)
    call encoder%get_z(z)
    call factors%get_z(wanted)
    call check(same{w}(z, wanted, size(z)) .and. any(abs(z) > 0), 'set_dictionary_{n}')
    call encoder%create_rank1(u, v, s)
    call encoder%clear_z()
    call encoder%solve(x)
    call factors%set_dictionary_rank1(u, v)
    call factors%clear_z()
    call factors%solve(x)
    call encoder%get_z(z)
    call factors%get_z(wanted)
    call check(same{w}(z, wanted, size(z)) .and. any(abs(z) > 0), 'set_dictionary_rank1_{n}')
    call factors%set_dictionary_rank1(u(:, 1:2), v, stat, errmsg)
    call fails(stat, errmsg, DICOD_ERROR_INVALID_SHAPE, 'u has the shape (2, 2), wanted is (2, 3)')
    call learner%create(d, s, learn_rank_one=.true., learn_max_iter=2_int64)
    call learner%run(x, stat=stat)
    call learner%get_dictionary(again)
    call learner%get_dictionary_rank1(u, v)
    call check(all(abs([((u(1, i) + u(2, i))*sum(v({all}i)) - sum(again({all}:, i)), i=1, n_atoms)]) < 1e-5), &
      'get_dictionary_rank1_{n}')
  end subroutine

  !@end
end module
