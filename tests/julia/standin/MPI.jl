"""
What the tests and the example use of MPI.jl, under the same names: where packages of Julia cannot be had, it stands in for it. The
communicator has the field `val` that MPI.jl's has, the handle of C: a pointer in Open MPI, an integer in MPICH.

ENV["DICOD_LIBMPI"] is the libmpi that libdicod_mpi is linked to.
"""
module MPI

using Libdl

mutable struct Comm
    val::Union{Ptr{Cvoid},Cint}
end

const COMM_WORLD = Comm(C_NULL)
const library = Ref{Ptr{Cvoid}}(C_NULL)
entry(name) = dlsym(library[], name)

function Init()
    library[] = dlopen(ENV["DICOD_LIBMPI"], RTLD_LAZY | RTLD_GLOBAL)
    serialized, provided = 2, Ref{Cint}(0) # as MPI.jl does
    ccall(entry(:MPI_Init_thread), Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Cint, Ptr{Cint}), C_NULL, C_NULL, serialized, provided) == 0 ||
        error("MPI_Init_thread failed")
    world = dlsym_e(library[], :ompi_mpi_comm_world)
    COMM_WORLD.val = world == C_NULL ? Cint(0x44000000) : world
    nothing
end

for Handle in (Ptr{Cvoid}, Cint)
    @eval function rank_of(val::$Handle)
        rank = Ref{Cint}(0)
        ccall(entry(:MPI_Comm_rank), Cint, ($Handle, Ptr{Cint}), val, rank)
        Int(rank[])
    end
end
Comm_rank(comm::Comm) = rank_of(comm.val)

Finalize() = (ccall(entry(:MPI_Finalize), Cint, ()); nothing)

end
