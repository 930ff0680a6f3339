# What all tests use.
using Dicod, Test

# uniform in -1 to 1, always the same
function random(seed, shape...)
    state = UInt32(seed)
    values = Vector{Float64}(undef, prod(shape))
    for i in eachindex(values)
        state = (state * 0x41c64e6d + 0x00003039) & 0x7fffffff
        values[i] = state / 1073741824 - 1
    end
    reshape(values, shape...)
end

function message(f, status, texts...)
    e = try
        f()
        nothing
    catch e
        e
    end
    @test e isa DicodError
    e isa DicodError || return
    @test e.status == status
    for text in texts
        occursin(text, e.message) || println("  the message does not name \"$text\": $(e.message)")
        @test occursin(text, e.message)
    end
end

bits(a::Array{T}, b::Array{T}) where {T} =
    size(a) == size(b) && ccall(:memcmp, Cint, (Ptr{Cvoid}, Ptr{Cvoid}, Csize_t), a, b, sizeof(a)) == 0
