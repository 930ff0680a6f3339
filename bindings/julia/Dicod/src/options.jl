# Options: keyword arguments, by the library's table.

"All options: key, type, default, allowed values and meaning of each."
options() = described(dicod_options_get_count, dicod_options_describe)

function described(count, describe)
    n = Ref{Int64}(0)
    check(count(n))
    map(0:n[]-1) do i
        info = Ref(dicod_option_info())
        check(describe(i, info))
        (key=Symbol(unsafe_string(info[].key)), type=unsafe_string(info[].value_type),
         default=unsafe_string(info[].default_value), allowed=unsafe_string(info[].allowed), meaning=unsafe_string(info[].meaning))
    end
end

"""
    Dicod.parse_options(text)

Options from text as C reads it (`"reg=0.15 tol=1e-2 periodic=1,1"`; lists per axis begin with the slowest one), as keywords:
`solve(x, d; Dicod.parse_options(text)...)`. Those that are the default are left out.
"""
parse_options(text::AbstractString) = keywords_of(handle -> check(dicod_options_parse(handle, text)))

"""
    Dicod.options_from_environment()

Options of the environment variable `DICOD_OPTIONS`, as [`Dicod.parse_options`](@ref) has them; none if it is not set.
"""
options_from_environment() = keywords_of(handle -> check(dicod_options_from_environment(handle)))

"""
    Dicod.options_text(; options...)

All options, with those given, as text: a line `key=value` each, which [`Dicod.parse_options`](@ref) and C read.
"""
options_text(; options...) = with_options(listed(options)) do handle
    n = Ref{Int64}(0)
    check(dicod_options_to_text(handle, 0, C_NULL, n))
    text = zeros(UInt8, n[])
    check(dicod_options_to_text(handle, length(text), text, n))
    String(text[1:n[]-1])
end

function keywords_of(set)
    at = Ref(created(dicod_options_create))
    try
        set(at[])
        all = ((o.key => get_option(at[], o.key, o.type), get_option(C_NULL, o.key, o.type)) for o in options())
        (; (pair for (pair, default) in all if pair[2] != default)...)
    finally
        dicod_options_free(at)
    end
end

# Replaced as a whole: any number of threads may look.
const option_types = Ref(Dict{Symbol,String}())

function type_of_option(key)
    isempty(option_types[]) && (option_types[] = Dict(o.key => o.type for o in options()))
    get(option_types[], key, "")
end

per_axis(key) = key === :periodic || key === :tile_shape || key === :background_length

# Keyword arguments as a list: what takes it is compiled once, not for each set of keywords.
const Given = Vector{Pair{Symbol,Any}}
const no_options = Given()
listed(keywords) = isempty(keywords) ? no_options : Pair{Symbol,Any}[key => value for (key, value) in keywords]

function with_options(f, given::Given)
    isempty(given) && return f(C_NULL)
    at = Ref(created(dicod_options_create))
    try
        for (key, value) in given
            set_option(at[], key, type_of_option(key), value)
        end
        f(at[])
    finally
        dicod_options_free(at)
    end
end

function get_option(handle, key, type)
    name = string(key)
    if type == "real"
        value = Ref{Float64}(0)
        check(dicod_options_get_real(handle, name, value))
        return value[]
    elseif type == "integer"
        value = Ref{Int64}(0)
        check(dicod_options_get_integer(handle, name, value))
        return value[]
    end
    number, get = type == "string" ? (UInt8, dicod_options_get_string) : type == "reals" ? (Float64, dicod_options_get_reals) :
        (Int64, dicod_options_get_integers)
    n = Ref{Int64}(0)
    check(get(handle, name, 0, C_NULL, n))
    list = zeros(number, n[] + 1)
    check(get(handle, name, length(list), list, n))
    type == "string" && return Symbol(replace(String(list[1:n[]-1]), '-' => '_'))
    resize!(list, n[])
    per_axis(key) ? reverse!(list) : list
end

function set_option(handle, key, type, value)
    name = string(key)
    wrong(what) = bad_argument("option \"$name\" takes $what, not $(repr(value))")
    if type == ""
        check(dicod_options_set_real(handle, name, 0.0)) # fails, and names the nearest key
    elseif type == "real"
        value isa Real || wrong("a number")
        check(dicod_options_set_real(handle, name, value))
    elseif type == "integer"
        value isa Integer || wrong("an integer")
        check(dicod_options_set_integer(handle, name, value))
    elseif type == "string"
        value isa Union{AbstractString,Symbol} || wrong("a word")
        check(dicod_options_set_string(handle, name, replace(string(value), '_' => '-')))
    else
        number, what = type == "reals" ? (Float64, "numbers") : (Int64, "integers")
        value isa Union{AbstractVector,Tuple} && all(v -> v isa (number === Int64 ? Integer : Real), value) ||
            wrong("a list of $what")
        list = collect(number, value)
        per_axis(key) && reverse!(list)
        set = number === Float64 ? dicod_options_set_reals : dicod_options_set_integers
        check(set(handle, name, length(list), list))
    end
end
